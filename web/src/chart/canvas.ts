/** Canvases at the resolution of the screen, and the colours of the theme as canvases need them. */

export interface Surface {
  context: CanvasRenderingContext2D;
  /** In CSS pixels, in which everything is drawn. */
  width: number;
  height: number;
}

/** Sizes of watched canvases. To ask a canvas itself would lay out the page anew in every frame that changed a text. */
const sizes = new WeakMap<HTMLCanvasElement, { width: number; height: number }>();

/** A cleared canvas that is as fine as the screen. The canvas takes its size from its style. */
export function surfaceOf(canvas: HTMLCanvasElement): Surface | null {
  const context = canvas.getContext('2d');
  if (!context) return null;
  const known = sizes.get(canvas);
  const width = known?.width ?? canvas.clientWidth;
  const height = known?.height ?? canvas.clientHeight;
  const ratio = window.devicePixelRatio || 1;
  const fine_width = Math.round(width * ratio);
  const fine_height = Math.round(height * ratio);
  if (canvas.width !== fine_width || canvas.height !== fine_height) {
    canvas.width = fine_width;
    canvas.height = fine_height;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

const known_tokens = new Map<string, string>();
let known_theme: string | undefined;

/** The value of a token of app.css, such as `--line-train`, under the theme in force. */
export function token(name: string): string {
  const theme = document.documentElement.dataset['theme'];
  if (theme !== known_theme) {
    known_tokens.clear();
    known_theme = theme;
  }
  let value = known_tokens.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    known_tokens.set(name, value);
  }
  return value;
}

/** The size of words on canvases, in CSS pixels; on a projector they are larger. */
export const lettering = { size: 12 };

export function font(weight = 400): string {
  return `${weight} ${lettering.size}px ${token('--sans')}`;
}

/** A straight line, in the colour and width that are set. */
export function stroke(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

const waiting = new Set<() => void>();
let frame = 0;

/** Draws in the next frame of the screen; any number of requests for the same picture until then are one. */
function soon(draw: () => void): void {
  waiting.add(draw);
  if (frame !== 0) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    const now = [...waiting];
    waiting.clear();
    for (const one of now) one();
  });
}

/**
 * A picture on a canvas that draws its newest state only, in the next frame, and only while it can be seen: a slow browser drops
 * frames and never falls behind.
 */
export class Picture {
  private is_seen = false;
  private is_stale = true;
  private is_over = false;
  private readonly paint = (): void => {
    if (!this.is_over) this.draw();
  };

  constructor(private readonly draw: () => void) {}

  request(): void {
    if (this.is_over) return;
    if (this.is_seen) soon(this.paint);
    else this.is_stale = true;
  }

  /** Draws anew where the canvas changes its size or comes into sight. Returns how to stop. */
  watch(canvas: HTMLCanvasElement): () => void {
    const size = new ResizeObserver(([entry]) => {
      if (entry) sizes.set(canvas, { width: entry.contentRect.width, height: entry.contentRect.height });
      this.request();
    });
    size.observe(canvas);
    // Half a screen ahead, so that scrolling finds pictures that are drawn.
    const sight = new IntersectionObserver(([entry]) => {
      this.is_seen = entry?.isIntersecting ?? true;
      if (!this.is_seen || !this.is_stale) return;
      this.is_stale = false;
      this.request();
    }, { rootMargin: '50% 0px' });
    sight.observe(canvas);
    return () => {
      this.is_over = true;
      size.disconnect();
      sight.disconnect();
    };
  }
}
