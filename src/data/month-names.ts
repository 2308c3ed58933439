// Months by name, whole or by their first letters, in the languages that spreadsheets are often written in.

/** English first, then German, French, Spanish, Italian, Portuguese and Dutch where they differ. */
const names: readonly (readonly string[])[] = [
  "january januar jänner janvier enero gennaio janeiro",
  "february februar février fevrier febrero febbraio fevereiro",
  "march märz mrz mars marzo março maart mrt",
  "april avril abril",
  "may mai mayo maggio maio mei",
  "june juni juin junio giugno junho",
  "july juli juillet julio luglio julho",
  "august août aout agosto",
  "september septembre septiembre settembre setembro",
  "october oktober octobre octubre ottobre outubro",
  "november novembre noviembre",
  "december dezember décembre decembre diciembre dicembre dezembro",
].map((words) => words.split(" "));

/** 1 to 12, or 0 if the word is no month, or the beginning of several such as "jui"; three letters are enough. */
export function monthNumber(word: string): number {
  const text = word.toLowerCase();
  if (text.length < 3) return 0;
  const [month = 0, other] = names.flatMap((all, i) => (all.some((name) => name.startsWith(text)) ? [i + 1] : []));
  return other === undefined ? month : 0;
}
