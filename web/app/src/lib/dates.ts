// Dates as people read them, by the platform's own formatter.
const formats = new Map<string, Intl.DateTimeFormat>();

function format(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = language + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, known);
  return known;
}

const dateOf = (micros: number) => new Date(micros / 1000);

/** Whole calendar days before now, 0 for today. */
export function daysAgo(micros: number, now = new Date()): number {
  const midnight = (date: Date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(now) - midnight(dateOf(micros))) / 86_400_000);
}

export const clockOf = (micros: number, language: string) =>
  format(language, { timeStyle: "short" }).format(dateOf(micros));

export const fullDateOf = (micros: number, language: string) =>
  format(language, { dateStyle: "full", timeStyle: "short" }).format(dateOf(micros));

export interface DayWords {
  today: string;
  yesterday: string;
}

export function dayOf(micros: number, language: string, words: DayWords, now = new Date()): string {
  const days = daysAgo(micros, now);
  if (days === 0) {
    return words.today;
  }
  if (days === 1) {
    return words.yesterday;
  }
  const sameYear = dateOf(micros).getFullYear() === now.getFullYear();
  return format(language, {
    weekday: "long", day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }),
  }).format(dateOf(micros));
}

/** For lists: the time today, the weekday this week, else the date. */
export function shortDateOf(micros: number, language: string, words: DayWords, now = new Date()): string {
  const days = daysAgo(micros, now);
  if (days === 0) {
    return clockOf(micros, language);
  }
  if (days === 1) {
    return words.yesterday;
  }
  if (days > 1 && days < 7) {
    return format(language, { weekday: "short" }).format(dateOf(micros));
  }
  return format(language, { day: "2-digit", month: "2-digit", year: "2-digit" }).format(dateOf(micros));
}

/** Midnight of "2026-11-27" here, in microseconds; nothing when it is no day. */
export function startOfDay(day: string): number | undefined {
  const [, year, month, date] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? []).map(Number);
  const at = new Date(year ?? NaN, (month ?? NaN) - 1, date ?? NaN);
  return at.getMonth() === (month ?? 0) - 1 && at.getDate() === date ? at.getTime() * 1000 : undefined;
}
