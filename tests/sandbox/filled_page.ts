/** A page as someone sees it who has no scripts. */
export interface Seen {
  readonly status: number;
  readonly html: string;
  readonly title: string;
  /** What stands in each control, by its name. */
  readonly values: Readonly<Record<string, string>>;
  /** By the name of a choice: what can be chosen. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
  /** What is said beside each control that has a mistake. */
  readonly mistakes: Readonly<Record<string, string>>;
}

/** What is behind the link. */
export async function lookAt(link: string): Promise<Seen> {
  return await seenIn(await fetch(link));
}

/** Sends the page as it stands, but for these values. */
export async function fillIn(link: string, values: Readonly<Record<string, string>>): Promise<Seen> {
  const before = await lookAt(link);
  const body = new URLSearchParams({ ...before.values, ...values });
  return await seenIn(await fetch(link, { method: "POST", body }));
}

/** What an answer shows. */
export async function seenIn(answer: Response): Promise<Seen> {
  const html = await answer.text();
  const controls = [...html.matchAll(/<(input|select|textarea)\s([^>]*)>([\s\S]*?(?=<\/\1>))?/g)];
  const values: Record<string, string> = {};
  const choices: Record<string, readonly string[]> = {};
  for (const [, kind, attributes = "", content = ""] of controls) {
    const name = unescaped(/name="([^"]*)"/.exec(attributes)?.[1] ?? "");
    values[name] = unescaped(/value="([^"]*)"/.exec(attributes)?.[1] ?? "");
    if (kind === "textarea") values[name] = unescaped(content.replace(/^\n/, ""));
    if (kind === "select") {
      const options = [...content.matchAll(/<option value="([^"]*)"([^>]*)>/g)];
      choices[name] = options.map(([, value = ""]) => unescaped(value));
      values[name] = unescaped(options.find(([, , rest]) => rest?.includes("selected"))?.[1] ?? "");
    }
  }
  const title = /<h1>(.*?)<\/h1>/.exec(html)?.[1] ?? "";
  return { status: answer.status, html, title, values, choices, mistakes: mistakesIn(html) };
}

function mistakesIn(html: string): Record<string, string> {
  const said = [...html.matchAll(/<p class="mistake" id="([^"]*)-mistake">([^<]*)/g)];
  return Object.fromEntries(said.map(([, id = "", words = ""]) => {
    const tag = new RegExp(`<[^>]*id="${id}"[^>]*>`).exec(html)?.[0] ?? "";
    return [unescaped(/name="([^"]*)"/.exec(tag)?.[1] ?? id), unescaped(words)];
  }));
}

function unescaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&", "#39": "'" };
  return text.replace(/&(lt|gt|quot|amp|#39);/g, (_, sign: string) => signs[sign] ?? "");
}
