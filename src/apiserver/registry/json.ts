export { copyJson, equalJson } from '../../kube/json.ts';
