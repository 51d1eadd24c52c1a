/** The words of a formula. */
export interface Token {
  kind: 'number' | 'name' | 'mark' | 'end';
  text: string;
  /** Where it begins. */
  at: number;
}

const WORD = /\s*(?:(\d+(?:_?\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_]\w*)|(\?\?|\*\*|&&|\|\||==|!=|<=|>=|[-+*/%^<>!?:()[\]{},#]))/y;

/** Throws an Error that shows the place. */
export function lex(formula: string): Token[] {
  const tokens: Token[] = [];
  WORD.lastIndex = 0;
  let end = 0;
  for (let match = WORD.exec(formula); match !== null; match = WORD.exec(formula)) {
    const [whole, number, name, mark = ''] = match;
    const text = number ?? name ?? mark;
    tokens.push({ kind: number !== undefined ? 'number' : name !== undefined ? 'name' : 'mark', text, at: match.index + whole.length - text.length });
    end = WORD.lastIndex;
  }
  const rest = formula.slice(end).trimStart();
  if (rest !== '') throw new Error(`unrecognized character: ${JSON.stringify(rest[0])} (1:${formula.length - rest.length + 1})`);
  tokens.push({ kind: 'end', text: 'end of formula', at: formula.length });
  return tokens;
}
