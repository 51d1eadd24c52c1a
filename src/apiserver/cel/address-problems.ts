/** Why a text is no address, or no prefix, in the words of Go's net/netip: messages of rules show them. Only for texts that are none. */

/** 'ParseAddr("1.2"): IPv4 address too short' */
export function whyNoAddress(text: string): string {
  const first = /[.:%]/.exec(text)?.[0];
  const why = first === '.' ? ipv4Problem(text) : first === ':' ? ipv6Problem(text) : first === '%' ? 'missing IPv6 address' : 'unable to parse IP';
  return `ParseAddr(${JSON.stringify(text)}): ${why ?? 'unable to parse IP'}`;
}

/** 'netip.ParsePrefix("10.0.0.0"): no '/'' */
export function whyNoPrefix(text: string, isAddress: (text: string) => boolean): string {
  const slash = text.lastIndexOf('/');
  const [address, bits] = [text.slice(0, slash), text.slice(slash + 1)];
  const why =
    slash < 0
      ? "no '/'"
      : !isAddress(address)
        ? whyNoAddress(address)
        : address.includes('%')
          ? 'IPv6 zones cannot be present in a prefix'
          : /^(?:0|[1-9]\d*)$/.test(bits)
            ? 'prefix length out of range'
            : `bad bits after slash: ${JSON.stringify(bits)}`;
  return `netip.ParsePrefix(${JSON.stringify(text)}): ${why}`;
}

const at = (why: string, rest: string): string => `${why} (at ${JSON.stringify(rest)})`;

function ipv4Problem(text: string): string | undefined {
  let octet = '';
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (char >= '0' && char <= '9') {
      if (octet === '0') return 'IPv4 field has octet with leading zero';
      octet += char;
      if (Number(octet) > 255) return 'IPv4 field has value >255';
    } else if (char === '.') {
      if (i === 0 || i === text.length - 1 || text[i - 1] === '.') return at('IPv4 field must have at least one digit', text.slice(i));
      if (dots === 3) return 'IPv4 address too long';
      dots++;
      octet = '';
    } else return at('unexpected character', text.slice(i));
  }
  return dots < 3 ? 'IPv4 address too short' : undefined;
}

function ipv6Problem(text: string): string | undefined {
  const percent = text.indexOf('%');
  if (percent === text.length - 1) return 'zone must be a non-empty string';
  let rest = percent < 0 ? text : text.slice(0, percent);
  let shortened = rest.startsWith('::');
  if (shortened) rest = rest.slice(2);
  if (shortened && rest === '') return undefined;
  let words = 0;
  while (words < 8) {
    const [digits] = /^[0-9a-fA-F]*/.exec(rest)!;
    if (digits.length > 4) return at('each group must have 4 or less digits', rest);
    if (digits === '') return at('each colon-separated field must have at least one digit', rest);
    if (rest[digits.length] === '.') {
      if (!shortened && words !== 6) return at('embedded IPv4 address must replace the final 2 fields of the address', rest);
      if (words > 6) return at('too many hex fields to fit an embedded IPv4 at the end of the address', rest);
      const problem = ipv4Problem(rest);
      if (problem !== undefined) return problem;
      rest = '';
      words += 2;
      break;
    }
    words++;
    rest = rest.slice(digits.length);
    if (rest === '') break;
    if (rest[0] !== ':') return at('unexpected character, want colon', rest);
    if (rest.length === 1) return at('colon must be followed by more characters', rest);
    rest = rest.slice(1);
    if (rest[0] !== ':') continue;
    if (shortened) return at('multiple :: in address', rest);
    shortened = true;
    rest = rest.slice(1);
    if (rest === '') break;
  }
  if (rest !== '') return at('trailing garbage after address', rest);
  if (words < 8) return shortened ? undefined : 'address string too short';
  return shortened ? 'the :: must expand to at least one field of zeros' : undefined;
}
