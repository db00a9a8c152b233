/*
 * launch.js - Debian's Chromium without a desktop around it (chromium-headless-shell); CHROMIUM names another.
 */
import { chromium } from "playwright-core";

const program = process.env.CHROMIUM ?? "/usr/bin/chromium-headless-shell";

export const launch = () =>
  chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"] });
