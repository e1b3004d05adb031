// Why a message was turned away, by the code that the topic `rejected` has, in English and Spanish.

import { spoken } from "./words.js";

export const REASONS = {
  "absurd": ["a figure is too large to be true", "una cifra es demasiado grande para ser cierta"],
  "bad-signature": ["its signature is not right", "su firma no es correcta"],
  "control-character": ["a text has characters that cannot be printed", "un texto tiene caracteres no imprimibles"],
  "dated-ahead": ["it is dated in the future", "lleva una fecha futura"],
  "duplicate-id": ["its id stands twice in one message", "su id está dos veces en un mensaje"],
  "empty": ["it is empty", "está vacío"],
  "ledger-full": ["its polling table has too many readings", "su mesa tiene demasiadas lecturas"],
  "missing": ["a field is missing", "falta un campo"],
  "negative": ["a figure is below 0", "una cifra es menor que 0"],
  "not-a-table": ["its area is no polling table", "su zona no es una mesa"],
  "not-an-area": ["it names no area", "no nombra una zona"],
  "not-an-object": ["it is no JSON object", "no es un objeto JSON"],
  "not-json": ["it is no JSON", "no es JSON"],
  "others": ["other reasons", "otros motivos"],
  "out-of-range": ["a figure is out of its range", "una cifra está fuera de su rango"],
  "rate-limited": ["its group sends too many", "su grupo envía demasiados"],
  "sum-differs": ["its sum is unlike its total", "su suma no es igual a su total"],
  "tick-ahead": ["its time is ahead of the clock", "su hora va por delante del reloj"],
  "too-deep": ["it is nested too deeply", "está anidado demasiado hondo"],
  "too-large": ["it is too large", "es demasiado grande"],
  "too-long": ["a text is too long", "un texto es demasiado largo"],
  "too-many": ["it holds too much", "contiene demasiado"],
  "too-many-ballots": ["more ballots than a table can have", "más papeletas de las que puede haber en una mesa"],
  "unreadable": ["it cannot be read", "no se puede leer"],
  "unclear-bound": ["its bound is not clear", "su límite no está claro"],
  "unknown-area": ["its area is unknown", "su zona es desconocida"],
  "unknown-authority": ["its authority is unknown", "su autoridad es desconocida"],
  "unknown-option": ["its option is unknown", "su opción es desconocida"],
  "unknown-table": ["its polling table is not in the register", "su mesa no está en el registro"],
  "unknown-type": ["its kind is unknown", "su clase es desconocida"],
  "unsigned": ["it is not signed", "no está firmado"],
  "wrong-area": ["its authority may not announce this area", "su autoridad no puede anunciar esta zona"],
  "wrong-group": ["it names a group of another reporter", "nombra un grupo de otro informante"],
  "wrong-source": ["it names a source of others", "nombra una fuente de otros"],
  "wrong-type": ["a field is of the wrong kind", "un campo es de otra clase"],
};

// A code that has no words yet is shown as it is.
export const reasonFor = (code) => REASONS[code]?.[spoken() === "es" ? 1 : 0] ?? code;
