/** How numbers are written. They are the library's; only their digits are chosen here. */

const writers = new Map<number, Intl.NumberFormat>();

/** Making one takes a hundred times as long as using it. */
function writerOf(digits: number): Intl.NumberFormat {
  let writer = writers.get(digits);
  if (!writer) {
    writer = new Intl.NumberFormat('en-US', { maximumSignificantDigits: digits });
    writers.set(digits, writer);
  }
  return writer;
}

/** A number with up to four significant digits, a real minus sign, and a dash where it is not defined; from `largest` on as a power of ten. */
export function number(value: number | null | undefined, digits = 4, largest = 1e7): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= largest)) {
    const [mantissa = '', exponent = ''] = value.toExponential(Math.max(0, digits - 2)).split('e');
    const factor = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
    return `${factor === '1' ? '' : `${factor}·`}10${superscript(Number(exponent))}`.replace('-', '−');
  }
  return writerOf(Number.isInteger(value) ? 21 : digits).format(value).replace('-', '−');
}

/** A share as a percentage: 0.934 becomes 93.4 %. */
export function percent(share: number | null | undefined, decimals = 1): string {
  if (share === null || share === undefined || Number.isNaN(share)) return '–';
  return `${(100 * share).toFixed(decimals).replace(/\.0+$/, '')} %`;
}

function superscript(exponent: number): string {
  const digits = '⁰¹²³⁴⁵⁶⁷⁸⁹';
  return String(exponent)
    .split('')
    .map((sign) => (sign === '-' ? '⁻' : (digits[Number(sign)] ?? sign)))
    .join('');
}

/** Bytes as a person reads them. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let size = count;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size >= 100 || unit === 0 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** A run's name for reading: what it is first, then the first digits of its id. */
export function shortName(name: string): string {
  const parts = /^([0-9a-f]{16})-(.+)$/.exec(name);
  return parts ? `${parts[2]} ${parts[1]?.slice(0, 8)}` : name;
}
