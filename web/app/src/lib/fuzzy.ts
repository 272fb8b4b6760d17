// Finds by a few letters what somebody means: accents and case aside, "rt" finds "Release team", "gtwy" finds "gateway".
interface Letters {
  plain: string[];
  /** Where each stands in the text. */
  at: number[];
  /** Whether a word begins with it. */
  begins: boolean[];
}

export interface Found {
  /** Larger is better; comparable between texts. */
  score: number;
  /** Indices in the text of what was found. */
  places: ReadonlySet<number>;
}

const kLongest = 200; // letters of a text that are looked at
const isLetter = (one: string | undefined) => one !== undefined && /[\p{L}\p{N}]/u.test(one);

function lettersOf(text: string): Letters {
  const out: Letters = { plain: [], at: [], begins: [] };
  let index = 0;
  let before: string | undefined;
  for (const character of text) {
    for (const one of character.normalize("NFKD").toLowerCase().replace("ß", "ss").replace(/\p{M}/gu, "")) {
      out.plain.push(one);
      out.at.push(index);
      out.begins.push(!isLetter(before));
      before = one;
    }
    index += character.length;
    if (out.plain.length >= kLongest) {
      break;
    }
  }
  return out;
}

type Match = { score: number; from: number[] } | undefined;

/** As it was typed, best at the beginning of the text, then of a word. */
function run({ plain, begins }: Letters, word: string[]): Match {
  let best: Match;
  for (let start = 0; start + word.length <= plain.length; ++start) {
    const score = (start === 0 ? 100 : begins[start] ? 80 : 40) + (20 * word.length) / plain.length;
    if (score > (best?.score ?? 0) && word.every((one, at) => plain[start + at] === one)) {
      best = { score, from: word.map((_, at) => start + at) };
    }
  }
  return best;
}

/** Each letter follows the one before it, or begins a word. */
function beginnings({ plain, begins }: Letters, word: string[]): Match {
  const hopeless = new Set<number>();
  const from = (typed: number, last: number): number[] | undefined => {
    if (typed === word.length) {
      return [];
    }
    const state = typed * (kLongest * 4) + last + 1;
    if (hopeless.has(state)) {
      return undefined;
    }
    for (let next = last + 1; next < plain.length; ++next) {
      if (plain[next] === word[typed] && ((typed > 0 && next === last + 1) || begins[next])) {
        const rest = from(typed + 1, next);
        if (rest) {
          return [next, ...rest];
        }
      }
    }
    hopeless.add(state);
    return undefined;
  };
  const places = from(0, -1);
  return places && { score: 60, from: places }; // "rt" is rather Release Team than paRTy
}

/** Letters of one word in their order, its first among them; some left out. */
function within({ plain, begins }: Letters, word: string[]): Match {
  for (let start = 0; start < plain.length; ++start) {
    if (!begins[start] || plain[start] !== word[0]) {
      continue;
    }
    const places: number[] = [];
    for (let at = start; at < plain.length && (at === start || !begins[at]) && places.length < word.length; ++at) {
      if (plain[at] === word[places.length]) {
        places.push(at);
      }
    }
    if (places.length === word.length) {
      return { score: 10, from: places };
    }
  }
  return undefined;
}

/** Nothing when some word of `wanted` is not in there; an empty wish is found everywhere. */
export function find(text: string, wanted: string): Found | undefined {
  const words = wanted.trim().split(/\s+/).filter(Boolean).map((word) => lettersOf(word).plain);
  const letters = lettersOf(text);
  const places = new Set<number>();
  let score = 0;
  for (const word of words) {
    const [whole, initials] = [run(letters, word), word.length > 1 ? beginnings(letters, word) : undefined];
    const match = initials && initials.score > (whole?.score ?? 0) ? initials : (whole ?? (word.length > 1 ? within(letters, word) : undefined));
    if (!match) {
      return undefined;
    }
    score += match.score / words.length;
    match.from.forEach((at) => places.add(letters.at[at]!));
  }
  return { score, places };
}
