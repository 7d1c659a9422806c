/** Where something stands in a text; both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type TomlPath = readonly (string | number)[];

/**
 * Where each value of a TOML document stands, by its path. The document has been parsed before, so whatever is not well
 * formed is passed over. Of a path that is not there the nearest one above it counts.
 */
export function tomlPositions(text: string): (path: TomlPath) => Position {
  const scanner = new Scanner(text);
  scanner.document();
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const at = scanner.found.get(keyOf(path.slice(0, length)));
      if (at !== undefined) return positionOf(text, at);
    }
    return { line: 1, column: 1 };
  };
}

function positionOf(text: string, at: number): Position {
  const before = text.slice(0, at).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function keyOf(path: TomlPath): string {
  return path.map(String).join("\u0000");
}

class Scanner {
  readonly found = new Map<string, number>();
  /** How many tables an array of them has so far. */
  private readonly tables = new Map<string, number>();
  private at = 0;

  constructor(private readonly text: string) {}

  document(): void {
    let table: TomlPath = [];
    while (this.skipBlank(), this.at < this.text.length) {
      const start = this.at;
      if (this.text.startsWith("[[", this.at)) {
        this.at += 2;
        table = this.nextTable(this.key());
        this.skipLine();
      } else if (this.text[this.at] === "[") {
        this.at++;
        table = this.resolved(this.key());
        this.skipLine();
      } else {
        this.pair(table);
        if (this.at === start) this.skipLine();
        continue;
      }
      this.note(table, start);
    }
  }

  /** `key = value`, the key perhaps with dots. */
  private pair(above: TomlPath): void {
    const start = this.at;
    const path = [...above, ...this.key()];
    this.skipSpace();
    if (this.text[this.at] !== "=") return;
    this.at++;
    this.note(path, start);
    this.value(path);
  }

  private value(path: TomlPath): void {
    this.skipBlank();
    const begins = this.text[this.at];
    if (begins === "[") return this.list(path);
    if (begins === "{") return this.inlineTable(path);
    if (begins === '"' || begins === "'") return this.string(begins);
    while (this.at < this.text.length && !/[,\]}\n#]/.test(this.text[this.at]!)) this.at++;
  }

  private list(path: TomlPath): void {
    this.at++;
    for (let index = 0; this.more("]"); index++) {
      this.note([...path, index], this.at);
      this.value([...path, index]);
    }
  }

  private inlineTable(path: TomlPath): void {
    this.at++;
    while (this.more("}")) {
      const start = this.at;
      this.pair(path);
      if (this.at === start) this.at++;
    }
  }

  /** Whether another element follows; past the end of the list where none does. */
  private more(end: string): boolean {
    this.skipBlank();
    if (this.text[this.at] === ",") {
      this.at++;
      this.skipBlank();
    }
    if (this.at >= this.text.length) return false;
    if (this.text[this.at] !== end) return true;
    this.at++;
    return false;
  }

  private string(quote: string): void {
    const long = quote.repeat(3);
    const end = this.text.startsWith(long, this.at) ? long : quote;
    this.at += end.length;
    while (this.at < this.text.length && !this.text.startsWith(end, this.at)) {
      this.at += quote === '"' && this.text[this.at] === "\\" ? 2 : 1;
    }
    this.at += end.length;
  }

  private key(): string[] {
    const parts: string[] = [];
    do {
      this.skipSpace();
      const start = this.at;
      const quote = this.text[this.at];
      if (quote === '"' || quote === "'") {
        this.string(quote);
        parts.push(this.text.slice(start + 1, this.at - 1));
      } else {
        while (/[\w-]/.test(this.text[this.at] ?? "")) this.at++;
        parts.push(this.text.slice(start, this.at));
      }
      this.skipSpace();
    } while (this.text[this.at] === "." && ++this.at);
    return parts;
  }

  private nextTable(key: readonly string[]): TomlPath {
    const path = [...this.resolved(key.slice(0, -1)), ...key.slice(-1)];
    const index = this.tables.get(keyOf(path)) ?? 0;
    this.tables.set(keyOf(path), index + 1);
    return [...path, index];
  }

  /** Below an array of tables the last one is meant. */
  private resolved(key: readonly string[]): TomlPath {
    return key.reduce<TomlPath>((path, part) => {
      const below = [...path, part];
      const count = this.tables.get(keyOf(below));
      return count === undefined ? below : [...below, count - 1];
    }, []);
  }

  private note(path: TomlPath, at: number): void {
    if (!this.found.has(keyOf(path))) this.found.set(keyOf(path), at);
  }

  private skipSpace(): void {
    while (/[ \t]/.test(this.text[this.at] ?? "")) this.at++;
  }

  private skipBlank(): void {
    while (this.at < this.text.length) {
      if (this.text[this.at] === "#") this.skipLine();
      else if (/\s/.test(this.text[this.at]!)) this.at++;
      else return;
    }
  }

  private skipLine(): void {
    const end = this.text.indexOf("\n", this.at);
    this.at = end < 0 ? this.text.length : end;
  }
}
