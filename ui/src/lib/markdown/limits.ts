/* What is parsed at once.  Beyond, a reader asks for it. */

/** of a text, formatted at first and with each "Show more" */
export const TEXT_STEP = 150_000;
/** of a text, parsed between two paints at most */
export const TEXT_PART = 8_000;
/** blocks at first and with each "Show more", and between two paints; more than a few are laid out when seen */
export const BLOCKS_STEP = 800;
export const BLOCKS_PART = 40;
export const BLOCKS_LONG = 120;
/** of one block that is parsed as markdown (not of code, formulas and tables) */
export const BLOCK_MAX = 8_000;
/** of one block that is parsed when the reader insists */
export const BLOCK_FORCED = 100_000;
/** plain text shown at once, and with each "Show more" */
export const PLAIN_STEP = 50_000;
/** signs of nesting at the begin of a line, and elements within each other */
export const DEPTH_MAX = 24;
/** rows of a table at first, and characters of the rows parsed together */
export const ROWS_STEP = 100;
export const ROWS_CHARS = 24_000;
/** lines and characters of code at once */
export const LINES_STEP = 400;
export const CODE_CHARS = 60_000;
/** code beyond is not coloured, nor is a line beyond */
export const COLOUR_CHARS = 200_000;
export const COLOUR_LINE = 1_000;
export const FORMULA_CHARS = 4_000;
export const DIAGRAM_CHARS = 20_000;
