// The catalogue: all packages, column by column, as catalogue.py packs them.

async function inflate(view) {
  const stream = new Blob([view]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Catalogue {
  static async read(view) {
    const all = await inflate(view);
    const head = all.indexOf(10);
    const described = JSON.parse(new TextDecoder().decode(all.subarray(0, head)));
    return new Catalogue(described, all, head + 1);
  }

  constructor(described, all, offset) {
    this.size = described.rows;
    this.texts = {};
    this.numbers = {};
    this.ranks = {};
    const take = (length) => all.slice(offset, (offset += length));
    for (const column of described.columns) {
      if (column.kind === "number") {
        this.numbers[column.name] = new Float64Array(take(column.bytes).buffer);
      } else {
        const values = this.size ? new TextDecoder().decode(take(column.values)).split("\n") : [];
        this.texts[column.name] = { values, codes: new Uint32Array(take(column.codes).buffer), lower: null };
      }
    }
  }

  value(column, row) {
    if (column in this.numbers) return this.numbers[column][row];
    const { values, codes } = this.texts[column];
    return values[codes[row]];
  }

  lower(column) {
    const text = this.texts[column];
    text.lower ??= text.values.map((value) => value.toLowerCase());
    return text.lower;
  }

  // For each row the place of its value among all: what sorting goes by.
  rank(column) {
    if (column in this.texts) return this.texts[column].codes;
    if (!this.ranks[column]) {
      const numbers = this.numbers[column];
      const sorted = Float64Array.from(new Set(numbers)).sort();
      const places = new Map(Array.from(sorted, (value, place) => [value, place]));
      this.ranks[column] = Uint32Array.from(numbers, (value) => places.get(value));
    }
    return this.ranks[column];
  }

  // The rows of each name, by the name's code.
  rowsOf(code) {
    if (!this.first) {
      const { codes, values } = this.texts.name;
      this.first = new Uint32Array(values.length);
      for (let row = codes.length - 1; row >= 0; row--) this.first[codes[row]] = row;
    }
    return this.first[code];
  }

  rowNamed(name) {
    this.codeOf ??= new Map(this.texts.name.values.map((value, code) => [value, code]));
    const code = this.codeOf.get(name);
    return code === undefined ? null : this.rowsOf(code);
  }

  // Names for what was typed so far: the same, then those that start with it, have it at a word, anywhere.
  complete(typed, limit = 12) {
    const text = typed.trim().toLowerCase();
    if (!text) return [];
    const found = [[], [], [], []];
    this.lower("name").forEach((name, code) => {
      const place = name.indexOf(text);
      if (place < 0) return;
      const rank = name === text ? 0 : place === 0 ? 1 : /[-_.+]/.test(name[place - 1]) ? 2 : 3;
      if (found[rank].length < 400) found[rank].push(code);
    });
    const short = (one, other) => this.lower("name")[one].length - this.lower("name")[other].length || one - other;
    return found
      .flatMap((codes) => codes.sort(short))
      .slice(0, limit)
      .map((code) => this.rowsOf(code));
  }

  // One byte a row: 1 where each word is found in one of the columns.
  matching(words, columns) {
    const result = new Uint8Array(this.size).fill(1);
    for (const word of words) {
      const hit = new Uint8Array(this.size);
      for (const column of columns) {
        const found = Uint8Array.from(this.lower(column), (value) => (value.includes(word) ? 1 : 0));
        const { codes } = this.texts[column];
        for (let row = 0; row < this.size; row++) hit[row] |= found[codes[row]];
      }
      for (let row = 0; row < this.size; row++) result[row] &= hit[row];
    }
    return result;
  }
}
