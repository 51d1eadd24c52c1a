/** docs/compatibility.md: a part by hand, then a table and a section for each suite, each as its last whole run left it. */

const HEADING = '<!-- Everything below is written by npm run test:upstream. -->';

interface Section {
  title: string;
  summary: string;
  details: readonly string[];
}

/** The document with a suite's section written anew; `order`: titles of all suites. */
export function withSection(document: string, section: Section, order: readonly string[], reference: string): string {
  const [byHand = '', written = ''] = document.split(HEADING);
  const sections = new Map(
    written
      .split(/^## /m)
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf('\n')), `## ${text.trim()}`]),
  );
  sections.set(section.title, [`## ${section.title}`, '', `${section.summary}.`, '', ...section.details].join('\n').trim());
  const kept = order.filter((title) => sections.has(title));
  const rows = kept.map((title) => `| ${title} | ${summaryOf(sections.get(title) ?? '')} |`);
  const text = [
    `Reference: Kubernetes ${reference}.`,
    '',
    '| suite | result |',
    '| --- | --- |',
    ...rows,
    '',
    kept.map((title) => sections.get(title)).join('\n\n'),
  ];
  return `${byHand}${HEADING}\n${text.join('\n')}\n`;
}

/** The line below the heading. */
function summaryOf(section: string): string {
  return (section.split('\n').find((line, i) => i > 0 && line !== '') ?? '').replace(/\.$/, '');
}
