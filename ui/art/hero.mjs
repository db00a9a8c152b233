/*
 * hero.mjs - draws src/pages/landing/hero.svg: Janus riding an iridescent bull.  node art/hero.mjs
 *
 * The outlines below are drawn by hand, on a sheet of 1200 by 1100; mesh.mjs cuts them into facets.
 */
import { writeFileSync } from "node:fs";
import { dice, rims, round, stone } from "./mesh.mjs";

const mix = (a, b, t) => a.map((v, i) => v + (b[i] - v) * t);
const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const hex = (c) => `#${c.map((v) => Math.max(0, Math.min(15, Math.round(v / 17))).toString(16)).join("")}`;
const along = (stops, t) => {
  const at = (((t % 1) + 1) % 1) * stops.length;
  return mix(stops[Math.floor(at) % stops.length], stops[(Math.floor(at) + 1) % stops.length], at % 1);
};
const unit = (v) => v.map((k) => k / Math.hypot(...v));
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

const film = ["#5b34d6", "#8b5cf6", "#c084fc", "#f472b6", "#fb7185", "#fb923c", "#fcd34d", "#63d297", "#22b8cf", "#3b6ff5"].map(rgb);
const marble = ["#8f7bea", "#c4b5fd", "#f3e8ff", "#fbcfe8", "#fde68a", "#f5f3ff", "#c4b5fd"].map(rgb);
const dusk = ["#a78bfa", "#c4b5fd", "#93c5fd", "#a5f3fc", "#c4b5fd", "#ddd6fe"].map(rgb);
const dawn = ["#fbcfe8", "#fecdd3", "#fed7aa", "#fde68a", "#fff1e6", "#fda4af"].map(rgb);
const ivory = ["#fff7ed", "#e9d5ff", "#fde68a", "#ffffff", "#ddd6fe"].map(rgb);
const ember = ["#b45309", "#9a3412", "#7c2d12", "#a16207"].map(rgb);
const gold = ["#fcd34d", "#fde68a", "#f59e0b", "#fdba74"].map(rgb);
const cloth = ["#7c2ad8", "#b5179e", "#e11d74", "#fa5d19", "#fb7185", "#9333ea"].map(rgb);
const cool = ["#4c1fd1", "#7c2be8", "#b01fc4", "#2456e8", "#0e86a8", "#4a3df0"].map(rgb);
const night = rgb("#090a1a");
const sun = unit([0.55, -0.7, 0.62]);
const moon = unit([-0.85, -0.1, 0.35]);
const earth = unit([0.15, 0.95, 0.2]);
const between = unit([sun[0], sun[1], sun[2] + 1]);

/** One facet's colour: a thin film's hue by how it lies; a sun, a moon behind it, and what the ground gives back. */
function sheen({ normal, at }, { colours = film, shade = cool, dim = 1, turn = 0, spread = 1 }) {
  const hue = turn + spread * ((0.42 * Math.atan2(normal[1], normal[0])) / Math.PI + 0.5 * (1 - normal[2]) + at[0] / 1500 - at[1] / 2600);
  const lit = Math.max(0, dot(normal, sun)) ** 1.25;
  const back = Math.max(0, dot(normal, moon));
  const ground = Math.max(0, dot(normal, earth));
  const flash = Math.max(0, dot(normal, between)) ** 26;
  const own = mix(along(shade, hue), along(colours, hue), Math.min(1, 0.1 + 1.5 * lit));
  let c = mix(night, own, Math.min(1, (0.2 + 0.9 * lit + 0.3 * back + 0.25 * ground) * dim));
  c = mix(c, rgb("#7c5cff"), 0.22 * back * dim);
  c = mix(c, rgb("#f0529c"), 0.3 * ground * dim);
  return hex(mix(c, [255, 250, 245], 0.62 * flash * dim));
}

const f = (v) => Math.round(v * 10) / 10;
/** A triangle, in as few bytes as it takes. */
const facet = (points, fine = false) => {
  const [a, b, c] = points.map(([x, y]) => (fine ? [Math.round(x * 2) / 2, Math.round(y * 2) / 2] : [Math.round(x), Math.round(y)]));
  const pair = (x, y) => `${x}${y < 0 ? "" : " "}${y}`;
  return `m${pair(...a)}${[[a, b], [b, c]].map(([p, q]) => `${f(q[0] - p[0]) < 0 ? "" : " "}${pair(f(q[0] - p[0]), f(q[1] - p[1]))}`).join("")}z`;
};
const line = (points) => `M${points.map(([x, y]) => `${f(x)} ${f(y)}`).join("L")}`;

/** A cut stone of one or more outlines that grow into each other. */
function part(outlines, mesh, paint = {}) {
  const rings = outlines.map((outline) => round(outline, mesh.edge ?? (mesh.size ?? 40) * 0.8));
  const facets = stone(rings, mesh).map((one) => {
    const c = sheen(one, typeof paint.colours === "function" ? { ...paint, colours: paint.colours(one.at) } : paint);
    return `<path d="${facet(one.points, mesh.size < 22)}" fill="${c}" stroke="${c}"/>`;
  });
  const under = rings.map((ring) => `<path d="${line(ring)}Z" fill="#090a1a" stroke="#090a1a" stroke-width="3"/>`);
  const rim = rims(rings).map(line).join("");
  return `<g>${under.join("")}${facets.join("")}<path d="${rim}" fill="none" stroke="url(#rim)" stroke-width="${paint.rim ?? 1.6}" opacity="${paint.glint ?? 0.8}"/></g>`;
}

/** A line of round pieces: points are [x, y, half its width]. */
const limb = (points) => {
  const side = (sign) =>
    points.map(([x, y, w], i) => {
      const [a, b] = [points[Math.max(0, i - 1)], points[Math.min(points.length - 1, i + 1)]];
      const [dx, dy] = unit([b[0] - a[0], b[1] - a[1]]);
      return [x - dy * w * sign, y + dx * w * sign];
    });
  return [...side(1), ...side(-1).reverse()];
};

// --- the bull -------------------------------------------------------------------------------
const trunk = [
  [284, 600], [300, 556], [352, 526], [430, 528], [500, 530], [570, 512], [630, 466], [684, 408], [742, 376], [806, 380], [862, 410],
  [900, 460], [896, 560], [872, 650], [846, 720], [800, 764], [736, 792], [660, 792], [580, 780], [500, 752], [436, 738], [372, 746], [312, 710], [284, 656],
];
const nearHind = [
  [300, 570], [370, 556], [430, 596], [452, 668], [436, 734], [394, 776], [346, 806], [322, 836], [306, 874], [290, 912], [280, 936], [286, 956, true], [272, 976, true], [212, 976, true],
  [222, 946, true], [244, 916], [256, 874], [262, 824], [278, 784], [294, 740], [288, 668], [288, 610],
];
const farHind = [
  [380, 640], [450, 640], [486, 700], [480, 756], [456, 804], [444, 850], [438, 896], [436, 930], [446, 950, true], [434, 974, true], [376, 974, true],
  [384, 946, true], [398, 916], [396, 870], [392, 820], [396, 770], [376, 720],
];
const nearFore = [
  [640, 640], [700, 596], [768, 606], [800, 680], [800, 748], [828, 792], [848, 832], [842, 872], [812, 902], [790, 924], [794, 946, true], [772, 966, true], [716, 952, true],
  [728, 924, true], [754, 900], [774, 862], [756, 832], [714, 804], [668, 768], [640, 704],
];
const farFore = [
  [770, 660], [830, 640], [872, 690], [896, 736], [942, 758], [980, 786], [990, 824], [980, 866], [974, 896], [986, 914, true], [978, 938, true], [920, 938, true], [924, 912, true],
  [940, 886], [942, 846], [924, 826], [876, 812], [820, 788], [778, 740],
];
const head = [
  [838, 452], [874, 430], [924, 436], [966, 474], [994, 534], [1018, 590], [1044, 632], [1056, 668], [1046, 704], [1016, 724], [976, 722], [944, 704], [908, 680],
  [866, 656], [836, 600], [824, 520],
];
const muzzle = [[1004, 604], [1030, 606], [1052, 642], [1060, 676], [1046, 708], [1016, 726], [978, 724], [962, 700], [976, 668], [996, 640]];
const hornNear = [[862, 448], [878, 414], [916, 392], [970, 386], [1022, 362], [1058, 314], [1074, 258, true], [1092, 322], [1076, 386], [1034, 432], [976, 458], [918, 472], [878, 478]];
const hornFar = [[846, 436], [848, 402], [872, 370], [910, 340], [936, 298], [942, 250, true], [968, 304], [960, 358], [926, 400], [894, 430]];
const ear = [[866, 474], [838, 474], [796, 492], [766, 530, true], [812, 540], [858, 520]];
const brow = [[900, 522], [930, 514], [964, 528], [988, 560, true], [956, 550], [918, 538]];
const crest = [[846, 452], [852, 424], [880, 410], [912, 424], [940, 444], [956, 486, true], [932, 480], [926, 510, true], [904, 488], [890, 514, true], [876, 488], [854, 496, true]];
const hooves = [
  [[284, 950], [290, 960], [276, 982, true], [204, 982, true], [222, 942]],
  [[796, 940], [800, 950], [776, 974, true], [708, 958, true], [726, 926]],
  [[446, 946], [438, 980, true], [370, 980, true], [384, 942]],
  [[988, 914], [982, 944, true], [914, 944, true], [926, 910]],
];
const tail = limb([[306, 566, 15], [262, 560, 13], [216, 586, 11], [184, 632, 10], [150, 664, 9], [112, 664, 9], [84, 634, 8]]);
const tuft = [[92, 650], [104, 622], [98, 584], [64, 540, true], [58, 584], [34, 560, true], [42, 612], [14, 606, true], [46, 648], [70, 664]];

const bull = [
  part([tail], { size: 22, height: 12, seed: 21 }, { dim: 0.95 }),
  part([tuft], { size: 22, height: 22, seed: 22 }, { turn: 0.3 }),
  part([farHind], { size: 34, height: 30, seed: 3 }, { dim: 0.5, turn: 0.1, glint: 0.35 }),
  part([farFore], { size: 34, height: 30, seed: 4 }, { dim: 0.58, turn: 0.1, glint: 0.35 }),
  part([hornFar], { size: 22, height: 18, seed: 14 }, { colours: ivory, shade: marble, dim: 0.66, glint: 0.5 }),
  part([trunk, nearHind, nearFore], {
    size: 42, height: 96, seed: 5,
    bumps: [[730, 500, 120, 70], [370, 640, 80, 50], [712, 680, 64, 46], [560, 660, 110, 16], [300, 860, 30, 16], [800, 850, 34, 16]],
  }),
  part([head], { size: 32, height: 58, seed: 8, bumps: [[900, 520, 50, 30], [960, 500, 40, 16]] }, { turn: 0.08 }),
  part([muzzle], { size: 26, height: 34, seed: 31 }, { turn: 0.34, glint: 0.4 }),
  part([ear], { size: 24, height: 16, seed: 9 }, { dim: 0.85 }),
  part([brow], { size: 16, height: 12, seed: 32 }, { turn: 0.2, glint: 0.5 }),
  `<path d="M914 538Q936 540 968 556Q950 570 932 564Q918 558 914 538Z" fill="#120818"/><path d="M924 546Q940 546 958 556Q946 564 934 560Q926 555 924 546Z" fill="url(#gold)"/><path d="M938 548l5 5l-2 8l-5 -5z" fill="#120818"/>`,
  `<path d="M1020 676q12 -12 24 -2q0 14 -12 16q-12 0 -12 -14z" fill="#10071c"/><path d="M968 716q26 -2 44 8" fill="none" stroke="#10071c" stroke-width="3" stroke-linecap="round"/>`,
  part([crest], { size: 20, height: 18, seed: 33 }, { turn: 0.45 }),
  part([hornNear], { size: 24, height: 24, seed: 10 }, { colours: ivory, shade: marble }),
  hooves.map((hoof, i) => part([hoof], { size: 22, height: 14, seed: 50 + i }, { colours: gold, shade: ember, dim: i > 1 ? 0.6 : 1 })).join(""),
].join("\n");

// --- Janus ----------------------------------------------------------------------------------
const faceRight = [
  [604, 108], [640, 112], [662, 132], [670, 158], [674, 172, true], [698, 205, true], [694, 213], [678, 215, true], [685, 225], [677, 231, true], [684, 239], [674, 248, true], [679, 263],
  [666, 279], [640, 281], [626, 292], [622, 322], [600, 330],
];
const faceLeft = [
  [576, 108], [540, 112], [518, 132], [510, 158], [506, 172, true], [481, 205, true], [486, 213], [502, 215, true], [494, 222], [502, 231, true], [492, 244], [486, 268], [492, 296],
  [504, 330, true], [524, 322], [548, 306], [558, 322], [580, 330],
];
const hair = [
  [590, 66], [632, 74], [660, 98], [668, 126, true], [648, 134], [634, 150], [640, 170, true], [624, 182], [628, 206, true], [616, 222], [622, 248, true], [610, 262], [616, 292, true],
  [604, 306], [590, 330, true], [576, 306], [564, 292, true], [570, 262], [558, 248, true], [564, 222], [552, 206, true], [556, 182], [540, 170, true], [546, 150], [532, 134], [512, 126, true],
  [520, 98], [548, 74],
];
const neck = [[548, 286], [632, 286], [636, 326], [654, 346], [526, 346], [544, 326]];
const torso = [[502, 342], [548, 326], [590, 332], [634, 326], [682, 342], [696, 376], [676, 430], [656, 486], [660, 530], [590, 550], [524, 530], [528, 486], [508, 430], [488, 376]];
const sash = [[504, 344], [540, 328], [574, 372], [618, 430], [668, 486], [666, 524], [640, 512], [584, 458], [530, 396]];
const armUp = limb([[540, 372, 30], [500, 360, 38], [454, 338, 37], [410, 312, 32], [384, 292, 27], [374, 262, 28], [384, 226, 27], [398, 192, 21], [408, 168, 16]]);
const handUp = [[398, 170], [392, 148], [398, 128], [416, 120], [434, 128], [438, 150], [430, 172], [414, 178]];
const armDown = limb([[660, 362, 30], [696, 372, 35], [722, 398, 31], [742, 424, 26], [774, 424, 26], [806, 412, 21], [826, 404, 16]]);
const handDown = [[818, 388], [838, 382], [856, 390], [860, 408], [846, 420], [824, 420], [816, 404]];
const leg = limb([[600, 560, 46], [644, 574, 54], [690, 600, 50], [720, 634, 41], [714, 676, 36], [700, 722, 36], [684, 766, 27], [674, 806, 19]]);
const foot = [[652, 798], [692, 796], [716, 816], [754, 830], [760, 846, true], [656, 846, true]];
const skirt = [
  [524, 512], [590, 534], [664, 514], [704, 548], [734, 590], [744, 618, true], [716, 618], [712, 648, true], [684, 632], [672, 664, true], [648, 634], [630, 660, true], [610, 624], [584, 642, true],
  [572, 604], [540, 616, true], [526, 570],
];
const cape = [
  [520, 336], [480, 372], [420, 398], [350, 392], [280, 346], [196, 322, true], [236, 368], [240, 400], [150, 416, true], [214, 452], [284, 456], [250, 492], [206, 528, true], [300, 526],
  [400, 532], [500, 540], [570, 500],
];
const leaf = (x, y, angle, length) => {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const at = (t, w) => `${f(x + dx * length * t - dy * w)} ${f(y + dy * length * t + dx * w)}`;
  return `<path d="M${at(0, 0)}Q${at(0.45, length * 0.3)} ${at(1, 0)}Q${at(0.45, -length * 0.3)} ${at(0, 0)}Z" fill="url(#gold)" stroke="#7a4a06" stroke-width=".8"/>`;
};
const laurel = Array.from({ length: 6 }, (_, i) => {
  const t = i / 5;
  const [x, y] = [600 + 62 * t, 88 + 44 * t ** 1.5];
  const [up, down] = [-0.95 + 0.6 * t, 0.5 + 0.7 * t];
  return leaf(x, y, up, 34) + leaf(x, y, down, 24) + leaf(1180 - x, y, Math.PI - up, 34) + leaf(1180 - x, y, Math.PI - down, 24);
}).join("");
const eye = (side) => {
  const x = (v) => f(590 + side * v);
  return `<path d="M${x(56)} 178Q${x(70)} 166 ${x(80)} 174Q${x(72)} 184 ${x(56)} 178Z" fill="#150a2a"/><path d="M${x(50)} 166Q${x(68)} 152 ${x(84)} 162" fill="none" stroke="#2a1650" stroke-width="3.4" stroke-linecap="round"/><circle cx="${x(72)}" cy="175" r="2.4" fill="#fff3c4"/>`;
};

const rider = [
  part([cape], { size: 38, height: 34, seed: 41, rough: 0.5 }, { colours: cloth, dim: 1 }),
  part([armUp], { size: 24, height: 26, seed: 42 }, { colours: dusk, dim: 1 }),
  part([neck], { size: 20, height: 20, seed: 60 }, { colours: marble, dim: 0.75 }),
  part([torso], { size: 26, height: 46, seed: 43, bumps: [[552, 392, 34, 24], [634, 392, 34, 24]] }, { colours: marble }),
  part([sash], { size: 24, height: 20, seed: 61, rough: 0.4 }, { colours: cloth, turn: 0.3 }),
  part([leg], { size: 26, height: 36, seed: 44 }, { colours: marble }),
  part([skirt], { size: 26, height: 26, seed: 62, rough: 0.4 }, { colours: cloth, turn: 0.5 }),
  `<path d="M523 514Q590 548 665 516" fill="none" stroke="#3b1a05" stroke-width="17"/><path d="M523 514Q590 548 665 516" fill="none" stroke="url(#gold)" stroke-width="12"/><circle cx="596" cy="531" r="13" fill="url(#gold)" stroke="#7a4a06" stroke-width="2"/>`,
  part([foot], { size: 20, height: 14, seed: 47 }, { colours: gold, shade: ember }),
  part([armDown], { size: 24, height: 26, seed: 45 }, { colours: dawn }),
  part([handDown], { size: 16, height: 12, seed: 63 }, { colours: dawn }),
  part([handUp], { size: 16, height: 14, seed: 64 }, { colours: dusk }),
  part([faceLeft], { size: 17, height: 30, seed: 46, edge: 9 }, { colours: dusk }),
  part([faceRight], { size: 17, height: 30, seed: 48, edge: 9 }, { colours: dawn }),
  eye(-1),
  eye(1),
  part([hair], { size: 18, height: 26, seed: 65, edge: 12, rough: 0.4 }, { colours: film, turn: 0.02 }),
  laurel,
].join("\n");

/* What is behind, and what flies. */
const ring = (r, width, dash, opacity) =>
  `<circle cx="610" cy="420" r="${r}" fill="none" stroke="url(#rim)" stroke-width="${width}"${dash ? ` stroke-dasharray="${dash}"` : ""} opacity="${opacity}"/>`;
const rings = ring(470, 1.4, "", 0.5) + ring(484, 9, "1.5 11.17", 0.34) + ring(498, 1, "", 0.3) + ring(350, 1, "2 9", 0.35);
const shards = (() => {
  const random = dice(9);
  return Array.from({ length: 46 }, () => {
    const t = random();
    const [x, y] = [130 + t * 960, 990 - random() ** 2.2 * 150];
    const [r, a] = [3 + random() ** 2 * 15, random() * 7];
    const corners = [0, 2.1, 4.1].map((k) => [x + Math.cos(a + k) * r, y + Math.sin(a + k) * r * 0.8]);
    return `<path d="${facet(corners)}" fill="${hex(along(film, random()))}" opacity="${f(0.35 + random() * 0.6)}"/>`;
  }).join("");
})();
const lasso = (part) =>
  `<path d="${part}" fill="none" stroke="#f59e0b" stroke-width="16" opacity=".16"/><path d="${part}" fill="none" stroke="url(#gold)" stroke-width="5.5" stroke-linecap="round"/><path d="${part}" fill="none" stroke="#8a4b08" stroke-width="5.5" stroke-dasharray="2 9" opacity=".55"/>`;
const loopBack = lasso("M330 42C350 -60 880 -130 906 -34");
const loopFront = lasso("M330 42C322 96 880 40 906 -34");
const rope = lasso("M416 146C400 110 352 92 330 42") + lasso("M420 168C446 236 470 236 462 300");
const rein = lasso("M838 402C900 470 880 640 1040 716");
const nose = `<path d="M1030 706a20 20 0 1 0 22 -4" fill="none" stroke="url(#gold)" stroke-width="6" stroke-linecap="round"/>`;

const stars = (() => {
  const random = dice(77);
  return Array.from({ length: 120 }, () => {
    const [x, y, r] = [random() * 1200, random() * 1000, 0.5 + random() ** 3 * 1.8];
    return `<circle cx="${f(x)}" cy="${f(y)}" r="${f(r)}" opacity="${f(0.25 + random() * 0.6)}"/>`;
  }).join("");
})();

writeFileSync(
  new URL("../src/pages/landing/hero.svg", import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -110 1200 1140">
<defs>
<linearGradient id="rim" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#c4b5fd"/><stop offset=".3" stop-color="#f9a8d4"/><stop offset=".6" stop-color="#fdba74"/><stop offset="1" stop-color="#63d297"/></linearGradient>
<linearGradient id="gold" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#fff3c4"/><stop offset=".5" stop-color="#fcd34d"/><stop offset="1" stop-color="#d97706"/></linearGradient>
<radialGradient id="ember"><stop offset="0" stop-color="#ff7a59" stop-opacity=".5"/><stop offset=".5" stop-color="#d6409f" stop-opacity=".2"/><stop offset="1" stop-color="#d6409f" stop-opacity="0"/></radialGradient>
<radialGradient id="floor"><stop offset="0" stop-color="#a78bfa" stop-opacity=".5"/><stop offset=".6" stop-color="#5b2a86" stop-opacity=".25"/><stop offset="1" stop-color="#5b2a86" stop-opacity="0"/></radialGradient>
<radialGradient id="halo"><stop offset="0" stop-color="#8b5cf6" stop-opacity=".5"/><stop offset=".6" stop-color="#5b2a86" stop-opacity=".22"/><stop offset="1" stop-color="#0b0f14" stop-opacity="0"/></radialGradient>
</defs>
<circle cx="610" cy="440" r="560" fill="url(#halo)"/>
<circle cx="610" cy="380" r="330" fill="url(#ember)"/>
<g fill="#e9e3ff">${stars}</g>
${rings}
<ellipse cx="600" cy="974" rx="520" ry="52" fill="url(#floor)"/>
${loopBack}
<g stroke-width="1.2" stroke-linejoin="round">
${bull}
${rein}${nose}
${rider}
</g>
${rope}${loopFront}
${shards}
</svg>
`,
);
