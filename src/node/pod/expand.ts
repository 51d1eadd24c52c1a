/** $(NAME) references in commands, arguments and environment. Pure. Source: the API reference of Container.command. */

/** References to unknown names stay as they are; $$ is a dollar sign. */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return Object.hasOwn(variables, name) ? variables[name]! : whole;
  });
}
