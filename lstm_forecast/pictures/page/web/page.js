"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const language = document.documentElement.lang;
  const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 5 });
  const redraws = [];

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const pale = (name, share) => `color-mix(in srgb, ${color(name)} ${share}%, ${color("ground")})`;
  const told = (value) => (value == null ? "–" : number.format(value));
  // Nothing where the pointer is away.
  const pointed = (_, value, __, index) => (index == null ? "" : told(value));
  // Stamps are seconds on the clock of the data, which no zone of the reader may move.
  const utc = (seconds) => uPlot.tzDate(new Date(seconds * 1e3), "Etc/UTC");

  function stampOf(seconds) {
    const text = new Date(seconds * 1e3).toISOString();
    return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : text.slice(0, 16).replace("T", " ");
  }

  function axes(chart) {
    const shared = {
      stroke: color("quiet"), grid: { stroke: color("rule"), width: 1 }, ticks: { stroke: color("rule"), width: 1 },
      font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 20,
    };
    const x = { ...shared, label: chart.x_label };
    if (chart.ticks.length) {
      x.splits = () => chart.ticks.map((_, k) => k);
      const letters = Math.max(...chart.ticks.map((tick) => shortened(tick).length));
      if (slants(chart)) Object.assign(x, { rotate: 45, size: room(chart) });
      const width = slants(chart) ? 17 : (letters + 1) * 8;
      x.values = (plot, splits) => {
        const every = Math.ceil((chart.ticks.length * width) / plot.bbox.width * devicePixelRatio);
        return splits.map((k) => (k % every ? "" : shortened(chart.ticks[k])));
      };
    } else if (chart.time) {
      x.space = 90;
      x.values = (_, splits, __, ___, step) => splits.map((seconds) => dateOf(seconds, step));
    } else {
      x.incrs = [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6];
    }
    const y = { ...shared, label: chart.y_label, size: 64, values: (_, splits) => splits.map(told) };
    return [x, y];
  }

  // As short as the distance of labels allows.
  function dateOf(seconds, step) {
    const text = stampOf(seconds);
    if (step >= 28 * 86400) return text.slice(0, 7);
    return step >= 86400 || text.length === 10 ? text.slice(0, 10) : text.slice(11);
  }

  const shortened = (text) => (text.length > 20 ? `${text.slice(0, 19)}…` : text);
  // Names that are too long to stand side by side; pixels that they need below the axis.
  const slants = (chart) => chart.ticks.some((tick) => tick.length > 12);
  const room = (chart) => 16 + 5 * Math.max(...chart.ticks.map((tick) => shortened(tick).length));

  function xValue(chart) {
    return (_, value) => {
      if (value == null) return "";
      if (chart.time) return stampOf(value);
      return chart.ticks.length ? (chart.ticks[Math.round(value)] ?? "") : told(value);
    };
  }

  // A plot that fills its place, follows its width and colours, and listens to keys.
  function show(place, height, make) {
    let plot = null;
    const draw = () => {
      plot?.destroy();
      place.replaceChildren();
      const { options, values } = make();
      plot = new uPlot(
        { width: Math.max(place.clientWidth, 200), height, tzDate: utc, cursor: { drag: { x: true, y: false } }, ...options },
        values, place,
      );
    };
    const move = (by, zoom) => {
      const all = plot.data[0];
      const { min, max } = plot.scales.x;
      const half = ((max - min) / 2) * zoom;
      const middle = (min + max) / 2 + by * (max - min);
      plot.setScale("x", { min: Math.max(all[0], middle - half), max: Math.min(all[all.length - 1], middle + half) });
    };
    const keys = {
      "+": () => move(0, 0.5), "=": () => move(0, 0.5), "-": () => move(0, 2), "−": () => move(0, 2),
      ArrowLeft: () => move(-0.25, 1), ArrowRight: () => move(0.25, 1), 0: () => plot.setData(plot.data),
    };
    place.addEventListener("keydown", (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key]) {
        keys[event.key]();
        event.preventDefault();
      }
    });
    new ResizeObserver(() => {
      if (plot && Math.abs(plot.width - place.clientWidth) > 1) plot.setSize({ width: Math.max(place.clientWidth, 200), height });
    }).observe(place);
    redraws.push(draw);
    draw();
    return draw;
  }

  function chartOf(chart) {
    let next = 0;
    const series = chart.lines.map((line) => {
      const own = line.kind === "bound" ? color("quiet") : color(`c${next++ % 6}`);
      const shared = { label: line.label, stroke: own, width: 1.6, value: pointed, spanGaps: false };
      if (line.kind === "bars") return { ...shared, fill: own, paths: uPlot.paths.bars({ size: [0.7, 40] }), points: { show: false } };
      if (line.kind === "bound") return { ...shared, dash: [5, 4], points: { show: false } };
      return { ...shared, points: { show: chart.x.length < 3 } };
    });
    const bars = chart.lines.some((line) => line.kind === "bars");
    const last = chart.x[chart.x.length - 1];
    const range = bars || chart.x.length < 2 ? { range: () => [chart.x[0] - 0.6, last + 0.6] } : {};
    return {
      options: {
        scales: { x: { time: chart.time, ...range }, y: bars ? { range: (_, low, high) => uPlot.rangeNum(Math.min(low, 0), Math.max(high, 0), 0.1, true) } : {} },
        series: [{ label: chart.x_label, value: xValue(chart) }, ...series],
        axes: axes(chart),
      },
      values: [chart.x, ...chart.lines.map((line) => line.y)],
    };
  }

  // The stamps of one series and, along them, what happened, was forecast, and is forecast.
  function seriesOf(explorer, one) {
    const tracks = [one.test, one.future].filter(Boolean);
    const end = Math.max(one.first + one.y.length, ...tracks.map((track) => track.first + track.y.length));
    const along = (first, values) => {
      const row = new Array(end - one.first).fill(null);
      values.forEach((value, k) => { if (first - one.first + k >= 0) row[first - one.first + k] = value; });
      return row;
    };
    const values = [explorer.stamps.slice(one.first, end)];
    const series = [{ label: explorer.time ? "stamp" : "step", value: (_, v) => (v == null ? "" : explorer.time ? stampOf(v) : told(v)) }];
    const bands = [];
    const add = (label, name, row, more = {}) => {
      values.push(row);
      series.push({ label, stroke: color(name), width: 1.6, value: pointed, points: { show: row.filter((v) => v != null).length < 4 }, ...more });
    };
    for (const [track, name, label] of [[one.test, "c0", "test forecast"], [one.future, "c1", "forecast"]]) {
      if (!track) continue;
      track.low.forEach((low, k) => {
        const shade = pale(name, 22 + 20 * k);
        const level = explorer.levels[k];
        const border = { stroke: shade, width: 0, points: { show: false } };
        add(`${label}, ${level} % high`, name, along(track.first, track.high[k]), border);
        add(`${label}, ${level} % low`, name, along(track.first, low), border);
        bands.push({ series: [series.length - 2, series.length - 1], fill: shade });
      });
      add(label, name, along(track.first, track.y));
    }
    add("actual", "ink", along(one.first, one.y), { width: 1.2 });
    const chart = { x_label: "", y_label: explorer.quantity, ticks: [], time: explorer.time };
    return { options: { scales: { x: { time: explorer.time } }, series, bands, axes: axes(chart) }, values };
  }

  function explore(explorer) {
    const place = document.getElementById("explorer");
    const caption = document.getElementById("chosen");
    const known = new Map(explorer.series.map((one) => [one.name, one]));
    let chosen = explorer.series[0];
    const draw = show(place, 380, () => {
      caption.textContent = chosen.name;
      place.setAttribute("aria-label", `History, forecasts and intervals of ${chosen.name}`);
      return seriesOf(explorer, chosen);
    });
    const names = document.getElementById("names");
    if (!names) return;
    const search = document.getElementById("search");
    const most = 100;
    const list = () => {
      const wanted = search.value.trim().toLocaleLowerCase();
      const found = explorer.errors.filter(([name]) => name.toLocaleLowerCase().includes(wanted));
      const more = found.length > most ? `; the first ${most} are listed` : "";
      document.getElementById("found").textContent = `${told(found.length)} of ${told(explorer.errors.length)} series${more}`;
      names.replaceChildren(...found.slice(0, most).map(row));
    };
    const row = ([name, error, skill]) => {
      const line = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      if (known.has(name)) {
        const button = document.createElement("button");
        button.className = "name";
        button.type = "button";
        button.textContent = name;
        button.setAttribute("aria-pressed", String(name === chosen.name));
        button.addEventListener("click", () => {
          chosen = known.get(name);
          draw();
          for (const other of names.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
        });
        head.append(button);
      } else {
        head.textContent = name;
        head.title = "Not in this page: make it with --series and this name to see it.";
      }
      const cells = [told(error), skill == null ? "–" : `${number.format(Math.round(100 * skill))} %`].map((text) => {
        const cell = document.createElement("td");
        cell.textContent = text;
        return cell;
      });
      line.append(head, ...cells);
      return line;
    };
    search.addEventListener("input", list);
    list();
  }

  explore(data.explorer);
  for (const place of document.querySelectorAll("[data-chart]")) {
    const chart = data.charts[Number(place.dataset.chart)];
    show(place, 240 + (slants(chart) ? room(chart) - 50 : 0), () => chartOf(chart));
  }
  const again = () => redraws.forEach((draw) => draw());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  matchMedia("print").addEventListener("change", again);
})();
