/*
 * mesh.mjs - an outline becomes a cut stone: a triangle mesh over it, inflated, shaded facet by facet.
 */

/** Numbers in [0, 1) that are the same each time. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A closed Catmull-Rom spline through the points; those with a third member true stay sharp corners. */
export function round(points, step = 14) {
  const out = [];
  const n = points.length;
  const at = (i) => points[(i + n) % n];
  for (let i = 0; i < n; i++) {
    const [p1, p2] = [at(i), at(i + 1)];
    const p0 = p1[2] ? p1 : at(i - 1);
    const p3 = p2[2] ? p2 : at(i + 2);
    const pieces = Math.max(1, Math.round(Math.hypot(p2[0] - p1[0], p2[1] - p1[1]) / step));
    for (let k = 0; k < pieces; k++) {
      const t = k / pieces;
      out.push(
        [0, 1].map(
          (a) =>
            0.5 *
            (2 * p1[a] + (p2[a] - p0[a]) * t + (2 * p0[a] - 5 * p1[a] + 4 * p2[a] - p3[a]) * t * t +
              (3 * p1[a] - p0[a] - 3 * p2[a] + p3[a]) * t * t * t),
        ),
      );
    }
  }
  return out;
}

export function inside([x, y], ring) {
  let is = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i];
    const [xj, yj] = ring[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) is = !is;
  }
  return is;
}

/** How far a point is from the outline. */
export function depth([x, y], ring) {
  let best = Infinity;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[j];
    const [bx, by] = ring[i];
    const [dx, dy] = [bx - ax, by - ay];
    const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
    best = Math.min(best, Math.hypot(x - ax - t * dx, y - ay - t * dy));
  }
  return best;
}

/** Bowyer and Watson's Delaunay triangulation; triples of indices. */
function triangles(points) {
  const n = points.length;
  const all = [...points, [-1e5, -1e5], [1e5, -1e5], [0, 1e5]];
  const circle = (a, b, c) => {
    const [[ax, ay], [bx, by], [cx, cy]] = [all[a], all[b], all[c]];
    const d = 2 * (ax * (by - cy) + bx * (cy - ay) + cx * (ay - by));
    const [a2, b2, c2] = [ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy];
    const x = (a2 * (by - cy) + b2 * (cy - ay) + c2 * (ay - by)) / d;
    const y = (a2 * (cx - bx) + b2 * (ax - cx) + c2 * (bx - ax)) / d;
    return { a, b, c, x, y, r: (ax - x) ** 2 + (ay - y) ** 2 };
  };
  let list = [circle(n, n + 1, n + 2)];
  for (let i = 0; i < n; i++) {
    const [px, py] = all[i];
    const edges = new Map();
    const keep = [];
    for (const t of list) {
      if ((px - t.x) ** 2 + (py - t.y) ** 2 > t.r) {
        keep.push(t);
        continue;
      }
      for (const [u, v] of [[t.a, t.b], [t.b, t.c], [t.c, t.a]]) {
        const name = u < v ? `${u},${v}` : `${v},${u}`;
        edges.set(name, edges.has(name) ? null : [u, v]);
      }
    }
    for (const edge of edges.values()) if (edge) keep.push(circle(edge[0], edge[1], i));
    list = keep;
  }
  return list.filter((t) => t.a < n && t.b < n && t.c < n).map((t) => [t.a, t.b, t.c]);
}

/** The pieces of each outline that no other covers, as open lines. */
export function rims(rings) {
  return rings.flatMap((ring, r) => {
    const free = ring.map((p) => !rings.some((other, o) => o !== r && inside(p, other)));
    if (free.every(Boolean)) return [[...ring, ring[0]]];
    const lines = [];
    const start = free.findIndex((is, i) => is && !free.at(i - 1));
    for (let k = 0, line = null; start >= 0 && k < ring.length; k++) {
      const i = (start + k) % ring.length;
      if (!free[i]) line = null;
      else if (line) line.push(ring[i]);
      else lines.push((line = [ring[i]]));
    }
    return lines.filter((line) => line.length > 1);
  });
}

/**
 * The facets of what the rings cover together: {points: three of [x, y, z], normal, at}.  size: a facet's side;
 * height: how far the stone comes out; bumps: [x, y, radius, height] where it swells; rough: how much a corner is off.
 */
export function stone(rings, { size = 40, height = 60, bumps = [], rough = 0.12, seed = 1 } = {}) {
  const random = dice(seed);
  const jitter = () => (random() - 0.5) * 0.02;
  const within = (p) => rings.some((ring) => inside(p, ring));
  const deep = (p) => Math.max(...rings.map((ring) => (inside(p, ring) ? depth(p, ring) : 0)));
  const edge = rims(rings).flat();
  const points = edge.map(([x, y]) => [x + jitter(), y + jitter()]);
  const all = rings.flat();
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  for (let tries = 0; tries < 9000; tries++) {
    const p = [left + random() * (right - left), top + random() * (bottom - top)];
    if (!within(p) || deep(p) < size * 0.34) continue;
    if (points.every((q, i) => Math.hypot(p[0] - q[0], p[1] - q[1]) > size * (i < edge.length ? 0.6 : 0.78))) points.push(p);
  }
  const z = points.map((p, i) => {
    const d = i < edge.length ? 0 : deep(p);
    const swell = bumps.reduce((sum, [x, y, r, h]) => sum + h * Math.exp(-((p[0] - x) ** 2 + (p[1] - y) ** 2) / (r * r)), 0);
    return height * Math.sqrt(Math.min(1, d / (height * 1.1))) + (d > 0 ? swell : swell * 0.5) + (random() - 0.5) * rough * size;
  });
  return triangles(points)
    .map((t) => t.map((i) => [...points[i], z[i]]))
    .filter(([a, b, c]) => {
      const area = Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]));
      return area > 6 && within([(a[0] + b[0] + c[0]) / 3, (a[1] + b[1] + c[1]) / 3]);
    })
    .map(([a, b, c]) => {
      const u = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
      const v = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
      let n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
      const length = Math.hypot(...n) * Math.sign(n[2] || 1);
      n = n.map((k) => k / length);
      return { points: [a, b, c], normal: n, at: [(a[0] + b[0] + c[0]) / 3, (a[1] + b[1] + c[1]) / 3] };
    });
}
