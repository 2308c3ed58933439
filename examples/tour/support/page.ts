// What a page of the tour holds of its program: the code up to the picture, and what it prints.

/** The part of a program that its page shows. */
export function shownCode(source: string): string {
  return `${source.split("// The picture.")[0]!.trimEnd()}\n`;
}

/** A page with the blocks under `<!-- NAME -->` lines brought up to date; a name without a line on the page is an error. */
export function withBlocks(page: string, blocks: Readonly<Record<string, string>>): string {
  return Object.entries(blocks).reduce((text, [name, block]) => {
    const [before, after] = text.split(`<!-- ${name} -->\n`);
    if (before === undefined || after === undefined) throw new Error(`the page has no line <!-- ${name} -->`);
    const language = /\.ts$/.test(name) ? "ts" : "text";
    const rest = after.replace(/^```[\s\S]*?\n```\n/, "");
    return `${before}<!-- ${name} -->\n\`\`\`${language}\n${block}\`\`\`\n${rest}`;
  }, page);
}
