// Times as machines write them: fixed places for digits, so that a cell is a number of milliseconds and a form, and back.

/** How a time is written: its length, and what stands between the parts. */
export interface IsoForm {
  /** 7: YYYY-MM, 10: with day, 16: with minutes, 19: with seconds, 23: with milliseconds; one more with a final Z. */
  readonly length: 7 | 10 | 16 | 19 | 23;
  readonly dash: "-" | "/";
  readonly gap: "" | "T" | " ";
  readonly zone: "" | "Z";
}

const forms: IsoForm[] = ([7, 10, 16, 19, 23] as const).flatMap((length) =>
  (["-", "/"] as const).flatMap((dash) =>
    (length > 10 ? (["T", " "] as const) : ([""] as const)).flatMap((gap) =>
      (length > 10 ? (["", "Z"] as const) : ([""] as const)).map((zone) => ({ length, dash, gap, zone })),
    ),
  ),
);

/** The place of a form in the list of forms. */
function formAt(place: number): IsoForm {
  return forms[place]!;
}

/** What `readIso` found last; read it at once. */
export const isoFound: { ms: number; form: number } = { ms: Number.NaN, form: -1 };

const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const daysOf = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Reads a text into `isoFound`; false if it is no time in one of the forms. Years 1000 to 9999. */
export function readIso(text: string): boolean {
  const hasZone = text.charCodeAt(text.length - 1) === 0x5a;
  const length = text.length - (hasZone ? 1 : 0);
  if (length < 7 || length > 23) return false;
  const dash = text.charCodeAt(4);
  if (dash !== 0x2d && dash !== 0x2f) return false;
  const gap = length > 10 ? text.charCodeAt(10) : 0;
  const form = placeOfForm(length, dash, gap, hasZone);
  if (form < 0) return false;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = length === 7 ? 1 : text.charCodeAt(7) === dash ? digits(text, 8, 2) : Number.NaN;
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const monthDays = month === 2 && isLeap ? 29 : (daysOf[month - 1] ?? 0);
  if (!(year >= 1000 && day >= 1 && day <= monthDays)) return false;
  const clock = length > 10 ? clockMs(text, length) : 0;
  if (!(clock >= 0)) return false;
  const leapDays = Math.floor((year - 1) / 4) - Math.floor((year - 1) / 100) + Math.floor((year - 1) / 400);
  const days = 365 * (year - 1) + leapDays + daysBefore[month - 1]! + (isLeap && month > 2 ? 1 : 0) + day - 1 - 719_162;
  isoFound.ms = days * 86_400_000 + clock;
  isoFound.form = form;
  return true;
}

/** A time in a form; the inverse of `readIso`. */
export function writeIso(ms: number, place: number): string {
  const { length, dash, gap, zone } = formAt(place);
  const text = new Date(ms).toISOString();
  const date = text.slice(0, Math.min(length, 10)).replaceAll("-", dash);
  return length > 10 ? `${date}${gap}${text.slice(11, length)}${zone}` : date;
}

/** NaN if a character is no digit. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = 10 * value + digit;
  }
  return value;
}

/** Milliseconds since midnight; NaN if it is no time of day. 24:00 and leap seconds are left to the slow reader. */
function clockMs(text: string, length: number): number {
  if (text.charCodeAt(13) !== 0x3a) return Number.NaN;
  const [hour, minute] = [digits(text, 11, 2), digits(text, 14, 2)];
  if (!(hour < 24 && minute < 60)) return Number.NaN;
  let ms = (hour * 60 + minute) * 60_000;
  if (length > 16) {
    const second = text.charCodeAt(16) === 0x3a ? digits(text, 17, 2) : Number.NaN;
    if (!(second < 60)) return Number.NaN;
    ms += second * 1000;
  }
  if (length > 19) ms += text.charCodeAt(19) === 0x2e ? digits(text, 20, 3) : Number.NaN;
  return ms;
}

/** The first form of each length; the forms of one length follow it. */
function placeOfForm(length: number, dash: number, gap: number, hasZone: boolean): number {
  const slash = dash === 0x2f ? 1 : 0;
  if (length === 7 || length === 10) return hasZone ? -1 : (length === 7 ? 0 : 2) + slash;
  const group = length === 16 ? 0 : length === 19 ? 1 : length === 23 ? 2 : -1;
  const between = gap === 0x54 ? 0 : gap === 0x20 ? 1 : -1;
  if (group < 0 || between < 0) return -1;
  return 4 + 8 * group + 4 * slash + 2 * between + (hasZone ? 1 : 0);
}
