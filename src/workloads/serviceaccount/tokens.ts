/** Secrets of type kubernetes.io/service-account-token: filled with a token, and gone with the account they name. */
import { secrets, serviceAccounts } from '../../kube/resources.ts';
import { isConflict, isNotFound } from '../../kube/status.ts';
import type { ObjectKey, Secret, ServiceAccount } from '../../kube/types.ts';
import type { Controller, ControllerContext } from '../../runtime/controller.ts';
import { objectKey, startController, watching } from '../../runtime/reconcile.ts';

/** Writes the token of an account that lies in the secret of that name. */
export type SecretToken = (account: { namespace: string; name: string; uid: string }, secretName: string) => string;

const TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

/** The secret as it is to be; undefined when it is that already. */
export function filled(secret: Secret, account: ServiceAccount, ca: string, token: SecretToken): Secret | undefined {
  const { data = {}, metadata } = secret;
  const bundle = Buffer.from(ca).toString('base64');
  if (data['ca.crt'] === bundle && data['namespace'] && data['token']) return undefined;
  const { name = '', namespace = '', uid = '' } = account.metadata;
  const written = data['token'] || Buffer.from(token({ namespace, name, uid }, metadata.name ?? '')).toString('base64');
  return {
    ...secret,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [ACCOUNT_NAME]: name, [ACCOUNT_UID]: uid } },
    data: { ...data, 'ca.crt': bundle, namespace: data['namespace'] || Buffer.from(namespace).toString('base64'), token: written },
  };
}

/** Whether the secret names this account: by uid too, once it has one. */
export function belongsTo(secret: Secret, account: ServiceAccount | undefined): boolean {
  const uid = secret.metadata.annotations?.[ACCOUNT_UID];
  return account !== undefined && (!uid || uid === account.metadata.uid);
}

/** Keys are accounts. */
export function tokensController(ctx: ControllerContext, ca: string, token: SecretToken): Controller {
  const accounts = ctx.informer(serviceAccounts);
  const secretInformer = ctx.informer(secrets);
  secretInformer.addIndex('token-of', (secret) => accountOf(secret, undefined, false).map(indexText));
  /** Secrets of an account that are gone and may still be listed by it: by the account's 'namespace/name'. */
  const gone = new Map<string, Set<string>>();

  function accountOf({ type, metadata }: Secret, _old: unknown, deleted: boolean): ObjectKey[] {
    const name = metadata.annotations?.[ACCOUNT_NAME];
    if (type !== TYPE || !name) return [];
    const { namespace = '' } = metadata;
    const key = { namespace, name };
    if (deleted) gone.set(indexText(key), (gone.get(indexText(key)) ?? new Set()).add(metadata.name ?? ''));
    return [key];
  }

  async function forget(key: ObjectKey, account: ServiceAccount | undefined): Promise<void> {
    const names = gone.get(indexText(key));
    if (names === undefined) return;
    const left = account?.secrets?.filter((reference) => !names.has(reference.name ?? ''));
    if (account !== undefined && left?.length !== account.secrets?.length) await ctx.client.update(serviceAccounts, { ...account, secrets: left ?? [] });
    gone.delete(indexText(key));
  }

  async function keep(secret: Secret, account: ServiceAccount | undefined): Promise<void> {
    if (account === undefined || !belongsTo(secret, account)) {
      const { uid } = secret.metadata;
      await ctx.client.delete(secrets, objectKey(secret), uid === undefined ? {} : { preconditions: { uid } }).catch((error: unknown) => {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      });
      return;
    }
    const wanted = filled(secret, account, ca, token);
    if (wanted !== undefined) await ctx.client.update(secrets, wanted);
  }

  return startController(ctx, {
    name: 'serviceaccount-tokens',
    watches: [watching(serviceAccounts), watching(secrets, accountOf)],
    async reconcile(key) {
      let account = accounts.get(key);
      await forget(key, account);
      const own = secretInformer.byIndex('token-of', indexText(key));
      // Before a secret is deleted, the API is asked: the account may be younger than the view.
      if (own.some((secret) => !belongsTo(secret, account))) account = await live(ctx, key);
      for (const secret of own) await keep(secret, account);
    },
  });
}

function indexText({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`;
}

async function live(ctx: ControllerContext, key: ObjectKey): Promise<ServiceAccount | undefined> {
  try {
    return await ctx.client.get(serviceAccounts, key);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
