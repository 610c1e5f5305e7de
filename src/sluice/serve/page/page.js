/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page: workbooks are looked at (drafts), started, and watched (jobs).
 *
 * What an import is lives on the server; this page shows it. /api/imports gives
 * all of it, /api/events every change from there on, so a reload or a lost
 * connection loses nothing. Only drafts live here: files that the browser has
 * and the server does not.
 */
"use strict";

const $ = (selector, from = document) => from.querySelector(selector);
const part = (card, name) => $(`[data-${name}]`, card);
const template = (name) => $(`#${name}-template`).content.firstElementChild.cloneNode(true);
let format = null; /* slow to make: only when there is a number */
const number = (n) => (format ||= new Intl.NumberFormat("en")).format(n);
const show = (node, visible) => { node.hidden = !visible; };

function element(name, text, attributes = {}) {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function size(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function duration(seconds) {
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const rows = (n) => `${number(n)} ${n === 1 ? "row" : "rows"}`;

let lastSaid = 0;
function announce(text) {
  lastSaid = Date.now();
  $("#announce").textContent = text;
}

/* ------------------------------------------------------------------- words */

const STATES = {
  queued: "Waiting", running: "Running", succeeded: "Done", failed: "Failed",
  canceled: "Canceled", interrupted: "Interrupted",
};

/* Why a row was rejected, for people. */
const REASONS = {
  too_few_columns: "The row ends too early",
  extra_value: "A value in a column without a title",
  required: "A required value is missing",
  error_value: "The cell shows an error such as #N/A",
  nul: "The text has a character that cannot be stored",
  encoding: "The text is damaged",
  string_index: "The cell points to a text that is not there",
  bad_number: "The number is damaged",
  bad_boolean: "Neither TRUE nor FALSE",
  bad_reference: "The cell's place in the sheet is damaged",
  duplicate_cell: "Two values for one cell",
  cell_type: "A kind of cell that is not known",
  quote: "A quotation mark in the wrong place",
  text_too_long: "The text is too long",
  convert: "The value has the wrong form for its column",
  out_of_range: "The value is too large or too small",
  refused: "The database refused the row",
};

/* Why an import ended, for people. */
const ERRORS = {
  not_found: "Something that the import needs is not there.",
  io: "A file could not be read or written on the server.",
  format: "The file is not a workbook, or it is damaged. Open it in your spreadsheet program and save it again.",
  truncated: "The file is not complete. Copy or download it again.",
  checksum: "The file is damaged. Copy or download it again.",
  encrypted: "The file is protected by a password. Save it without one.",
  unsupported: "This kind of workbook cannot be read. Save it as .xlsx.",
  dtd: "The file is not a sound workbook. Save it again as .xlsx.",
  limit: "The file, or what was rejected of it, is larger than what is allowed.",
  ambiguous: "The file is not a sound workbook. Save it again as .xlsx.",
  mapping: "The columns of the sheet do not fit the table.",
  usage: "These options do not go together.",
  connect: "The database cannot be reached.",
  connection_lost: "The connection to the database was lost.",
  permission: "The server is not allowed to write into this table.",
  database: "The database reported an error.",
  canceled: "The import was stopped.",
  memory: "The server has too little memory.",
};

const STATUS_WORDS = {
  0: "The server cannot be reached. Is the network there?",
  401: "Please sign in again: reload the page.",
  403: "This page may not do that.",
  408: "The upload took too long.",
  413: "The file is too large.",
  415: "Only .xlsx and .csv files can be imported. Save the file as one of these.",
  429: "Many imports are waiting. Please try again in a moment.",
  502: "The database cannot be reached.",
  503: "The server is busy, or just stopping. Please try again in a moment.",
  507: "The server has no room for this file: remove imports that did not end well, or wait for those that do.",
};

function wordsFor(status, body) {
  if (STATUS_WORDS[status]) {
    const detail = (status === 502 || status === 503) && body && body.error;
    return detail ? `${STATUS_WORDS[status]} (${detail})` : STATUS_WORDS[status];
  }
  const text = body && body.error ? String(body.error) : "";
  if (status === 422 && text) return `This file cannot be used: ${text}.`;
  return text || `The server could not do that (${status}).`;
}

/* ---------------------------------------------------------------- requests */

async function call(method, path) {
  const answer = await fetch(path, { method, headers: { Accept: "application/json" } });
  const body = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw Object.assign(new Error(wordsFor(answer.status, body)), { status: answer.status });
  return body;
}

/*
 * Sends a file with its options, when it is its turn; `progress` is told the
 * share that is sent.
 */
function send(path, file, options, progress) {
  const request = new XMLHttpRequest();
  const aborted = () => Object.assign(new Error("stopped"), { aborted: true });
  let stopped = false;
  const done = turn(() => new Promise((resolve, reject) => {
    if (stopped) { reject(aborted()); return; }
    const form = new FormData();
    form.append("options", JSON.stringify(options));
    form.append("file", file, file.name);
    request.open("POST", path);
    request.responseType = "json";
    request.upload.onprogress = (e) => { if (e.lengthComputable) progress?.(e.loaded / e.total); };
    request.onload = () => (request.status < 300 ? resolve(request.response)
      : reject(new Error(wordsFor(request.status, request.response))));
    request.onerror = () => reject(new Error(wordsFor(0)));
    request.onabort = () => reject(aborted());
    request.send(form);
  }));
  return { done, stop: () => { stopped = true; request.abort(); } };
}

/*
 * Uploads take turns: a browser opens six connections to a server, and the
 * events and the buttons of the page need some of them.
 */
const UPLOADS = 3;
let uploading = 0;
const waiting = [];

async function turn(work) {
  if (uploading >= UPLOADS) await new Promise((resolve) => { waiting.push(resolve); });
  else uploading++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else uploading--;
  }
}

/* ------------------------------------------------------------------ drafts */

let targets = [];
const drafts = new Set();

/*
 * What a preview needs of a file: of a long text its first lines, of a workbook
 * all of it, because its directory stands at the end.
 */
const SAMPLE_BYTES = 2e6;
async function sampleOf(file) {
  if (file.size <= 2 * SAMPLE_BYTES) return file;
  const bytes = new Uint8Array(await file.slice(0, SAMPLE_BYTES).arrayBuffer());
  const end = bytes.lastIndexOf(10) + 1;
  /* An archive, or characters of two bytes. */
  if (end === 0 || bytes.includes(0)) return file;
  return new File([bytes.subarray(0, end)], file.name);
}

class Draft {
  constructor(file) {
    this.file = file;
    this.card = template("draft");
    this.mapping = new Map(); /* header -> column, "" leaves it out */
    this.choice = {};
    part(this.card, "name").textContent = file.name;
    part(this.card, "size").textContent = size(file.size);
    part(this.card, "remove").onclick = () => this.remove(true);
    part(this.card, "start").onclick = () => this.start(false);
    part(this.card, "drop-rest").onclick = () => this.dropRest();
    this.on("sheet", () => this.mapping.clear());
    this.on("table", () => this.mapping.clear());
    this.on("target", () => this.mapping.clear());
    this.on("method");
    const label = (name) => part(this.card, name).setAttribute("aria-label", `${part(this.card, name).textContent}: ${file.name}`);
    label("start");
    label("remove");
    drafts.add(this);
    $("#drafts").append(this.card);
    offerAll();
    this.look();
  }

  on(name, before) {
    part(this.card, name).onchange = (e) => {
      before?.();
      this.choice[name] = e.target.value.trim();
      if (name !== "method") this.look();
    };
  }

  options() {
    const options = {};
    for (const [name, value] of Object.entries(this.choice)) if (value) options[name] = value;
    if (this.mapping.size) {
      options.mapping = {};
      for (const [header, column] of this.mapping) options.mapping[header] = column || null;
    }
    return options;
  }

  /* Asks the server what an import would do. */
  async look() {
    this.upload?.stop();
    this.sample ||= await sampleOf(this.file);
    const upload = this.upload = send("api/previews", this.sample, this.options());
    part(this.card, "start").disabled = true;
    offerAll();
    part(this.card, "busy").textContent = this.preview ? "Looking again…" : "Reading the file…";
    show(part(this.card, "busy"), true);
    try {
      this.preview = await upload.done;
      this.preview.complete &&= this.sample === this.file;
      this.fail(null);
      this.render();
    } catch (error) {
      if (error.aborted) return;
      this.fail(error.message);
    }
    show(part(this.card, "busy"), false);
  }

  fail(text) {
    const node = part(this.card, "error");
    node.textContent = text || "";
    show(node, Boolean(text));
  }

  render() {
    const { card, preview } = this;
    show(part(card, "form"), true);
    this.renderFields();
    const into = preview.table_exists ? `The table “${preview.table}” is there already: rows are added to it.`
      : `A new table “${preview.table}” will be made.`;
    const many = preview.complete ? rows(preview.row_count) : `More than ${rows(preview.row_count)}`;
    part(card, "fact").textContent = `${many} below the titles in row ${preview.header_row}. ${into}`;
    const body = part(card, "columns");
    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.letter : null;
    body.replaceChildren(...preview.columns.map((c, i) => this.columnRow(c, i)));
    if (focused) $(`[data-letter="${focused}"]`, body)?.focus();
    this.renderFault();
    this.renderRows();
    this.renderProblems();
    part(card, "start").disabled = Boolean(preview.fault);
    offerAll();
  }

  get ready() { return !part(this.card, "start").disabled; }

  renderFields() {
    const { card, preview } = this;
    const sheet = part(card, "sheet");
    sheet.replaceChildren(...preview.sheets.map((s) =>
      element("option", s.hidden ? `${s.name} (hidden)` : s.name, { value: s.name })));
    sheet.value = preview.sheet;
    if (document.activeElement !== part(card, "table")) part(card, "table").value = preview.table;
    const target = part(card, "target");
    if (!target.options.length) {
      target.append(...targets.map((t) => element("option", t.name, { value: t.name })));
      show(part(card, "target-field"), targets.length > 1);
    }
  }

  columnRow(column, index) {
    const row = element("tr");
    const values = this.preview.rows.slice(0, 3).map((r) => r.cells[index]).filter((v) => v !== "");
    row.append(element("th", column.header || `(column ${column.letter})`, { scope: "row" }),
      element("td", column.type),
      element("td", values.join(", ")));
    const cell = element("td");
    cell.append(this.columnField(column));
    row.append(cell);
    return row;
  }

  /* A list of the table's columns, or a name for a new one. */
  columnField(column) {
    const known = this.preview.table_columns;
    const chosen = this.mapping.has(column.header) ? this.mapping.get(column.header) : column.column;
    let field;
    if (known.length) {
      field = element("select");
      const unset = chosen === null && this.preview.fault && column.header;
      if (unset) field.append(element("option", "choose…", { value: "?" }));
      field.append(element("option", "leave out", { value: "" }));
      field.append(...known.map((c) => element("option", `${c.name} (${c.type}${c.required ? ", required" : ""})`, { value: c.name })));
      field.value = unset ? "?" : chosen || "";
      field.classList.toggle("unset", Boolean(unset));
    } else {
      field = element("input", undefined, { placeholder: "leave out", autocomplete: "off", spellcheck: "false" });
      field.value = chosen || "";
    }
    field.dataset.letter = column.letter;
    field.setAttribute("aria-label", `${column.header || column.letter} goes to`);
    field.disabled = !column.header;
    field.onchange = () => {
      if (field.value === "?") return;
      this.mapping.set(column.header, field.value.trim());
      this.look();
    };
    return field;
  }

  /* The headers that fit no column: said once more as "leave out". */
  dropRest() {
    for (const column of this.preview.columns)
      if (column.header && column.column === null && !this.mapping.has(column.header))
        this.mapping.set(column.header, "");
    this.look();
    part(this.card, "name").focus();
  }

  renderFault() {
    const { card, preview } = this;
    show(part(card, "fault"), Boolean(preview.fault));
    part(card, "fault-text").textContent = preview.fault
      ? `The columns do not fit the table yet: ${preview.fault}. Choose where they go below.` : "";
    const rest = preview.columns.some((c) => c.header && c.column === null && !this.mapping.has(c.header));
    show(part(card, "drop-rest"), Boolean(preview.fault) && rest && preview.table_columns.length > 0);
  }

  renderRows() {
    const { card, preview } = this;
    const head = element("tr");
    head.append(element("th", "Row", { scope: "col" }), ...preview.columns.map((c) => element("th", c.header || c.letter, { scope: "col" })));
    part(card, "grid-head").replaceChildren(head);
    part(card, "grid").replaceChildren(...preview.rows.map((r) => {
      const row = element("tr");
      row.append(element("th", r.row, { scope: "row" }), ...r.cells.map((c) => element("td", c)));
      return row;
    }));
  }

  renderProblems() {
    const { card, preview } = this;
    const count = preview.problem_count;
    show(part(card, "problems-box"), count > 0);
    part(card, "problems-title").textContent = `${rows(count)} would be rejected${preview.complete ? "" : " so far"}`;
    part(card, "problems").replaceChildren(...preview.problems.map((p) => element("li", sentence(p))));
  }

  async start(together) {
    const bar = part(this.card, "upload");
    const button = part(this.card, "start");
    button.disabled = true;
    offerAll();
    show(bar, true);
    this.upload = send("api/imports", this.file, this.options(), (share) => { bar.value = 100 * share; });
    part(this.card, "remove").textContent = "Stop";
    try {
      const job = await this.upload.done;
      this.remove(false);
      const { card } = update(job);
      if (!together) part(card, "name").focus();
      announce(`${this.file.name}: the import has started.`);
    } catch (error) {
      if (error.aborted) return;
      this.fail(error.message);
      part(this.card, "remove").textContent = "Remove";
      button.disabled = false;
      show(bar, false);
    }
  }

  remove(byHand) {
    this.upload?.stop();
    this.card.remove();
    drafts.delete(this);
    offerAll();
    if (byHand) $("#files").focus();
  }
}

function sentence(reject) {
  const place = reject.column ? `Row ${reject.row}, ${reject.header ? `“${reject.header}”` : `column ${reject.column}`}` : `Row ${reject.row}`;
  const value = reject.value ? `: “${reject.value}”` : "";
  return `${place}${value} – ${REASONS[reject.code] || reject.reason}`;
}

/* One button for several that are ready. */
function offerAll() {
  const ready = [...drafts].filter((d) => d.ready).length;
  show($("#start-all"), drafts.size > 1);
  $("#start-all").disabled = ready === 0;
  $("#start-all").textContent = `Start all that are ready (${ready})`;
}

function startAll() {
  for (const draft of [...drafts]) if (draft.ready) draft.start(true);
  $("#imports").focus();
}

function choose(files) {
  const bad = [];
  for (const file of files) {
    if (/\.(xlsx|xlsm|csv|tsv|txt)$/i.test(file.name)) new Draft(file);
    else bad.push(file.name);
  }
  const error = $("#choose-error");
  error.textContent = bad.length ? `${bad.join(", ")}: only .xlsx and .csv files can be imported. Save the file as one of these.` : "";
  show(error, bad.length > 0);
}

/* -------------------------------------------------------------------- jobs */

const jobs = new Map(); /* id -> Job */
const live = (job) => job.state === "queued" || job.state === "running";

class Job {
  constructor(data) {
    this.id = data.id;
    this.card = template("job");
    this.card.dataset.id = data.id;
    this.points = [];
    this.said = 0;
    this.reason = "";
    part(this.card, "cancel").onclick = () => this.act("DELETE", "", "cancel");
    part(this.card, "retry").onclick = () => this.act("POST", "/retry", "retry");
    part(this.card, "delete").onclick = () => this.forget();
    part(this.card, "rejects").ontoggle = (e) => { if (e.target.open) this.loadRejects(false); };
    part(this.card, "reason").onchange = (e) => { this.reason = e.target.value; this.loadRejects(false); };
    part(this.card, "more").onclick = () => this.loadRejects(true);
  }

  path(tail = "") { return `api/imports/${this.id}${tail}`; }

  async act(method, tail, name) {
    const button = part(this.card, name);
    button.disabled = true;
    try {
      const data = await call(method, this.path(tail));
      if (data) update(data);
      part(this.card, "name").focus();
    } catch (error) {
      this.trouble(error.message, "");
    }
    button.disabled = false;
  }

  async forget() {
    try {
      await call("DELETE", this.path());
    } catch (error) {
      if (error.status !== 404) { this.trouble(error.message, ""); return; }
    }
    drop(this.id);
    $("#imports").focus();
  }

  trouble(text, detail) {
    part(this.card, "trouble-text").textContent = text;
    part(this.card, "trouble-detail").textContent = detail;
    show($("details", part(this.card, "trouble")), Boolean(detail));
    show(part(this.card, "trouble"), Boolean(text));
  }

  set(data) {
    const before = this.data;
    if (before && before.version > data.version) return;
    this.data = data;
    if (before && before.attempt !== data.attempt) { this.points = []; this.said = 0; }
    this.renderHead();
    this.renderLive();
    this.renderCounts();
    this.renderTrouble();
    this.renderRejects(before);
    show(part(this.card, "cancel"), live(data));
    show(part(this.card, "retry"), ["failed", "canceled", "interrupted"].includes(data.state));
    show(part(this.card, "delete"), !live(data));
    for (const name of ["cancel", "retry", "delete"])
      part(this.card, name).setAttribute("aria-label", `${part(this.card, name).textContent}: ${data.file.name}`);
    this.say(before);
  }

  renderHead() {
    const { card, data } = this;
    const partly = data.state === "succeeded" && data.counts.rejected > 0;
    part(card, "name").textContent = data.file.name;
    const badge = part(card, "state");
    badge.textContent = partly ? "Done, some rows rejected" : STATES[data.state];
    badge.className = `badge ${partly ? "rejects" : data.state}`;
    const when = new Date(data.created_at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    const sheet = data.sheet ? `sheet “${data.sheet}” ` : "";
    part(card, "where").textContent = `${size(data.file.size)}, ${sheet}into table “${data.table}”${targets.length > 1 ? ` of ${data.target}` : ""}, ${when}`;
  }

  renderLive() {
    const { card, data } = this;
    const { progress } = data;
    show(part(card, "live"), live(data));
    const bar = part(card, "bar");
    bar.setAttribute("aria-label", `Progress of ${data.file.name}`);
    if (data.state === "queued") {
      bar.removeAttribute("value");
      part(card, "pace").textContent = "Waiting for its turn";
      show(part(card, "chart"), false);
      return;
    }
    if (progress.rows === 0 && live(data)) bar.removeAttribute("value");
    else bar.value = progress.percent;
    const left = progress.eta_seconds === null ? "" : `, about ${duration(progress.eta_seconds)} left`;
    part(card, "pace").textContent = progress.rows === 0 ? "Looking through the file…"
      : `${progress.percent.toFixed(0)} %, ${number(progress.rows_per_second)} rows a second${left}`;
    this.plot(progress);
  }

  /* Rows a second between the events, as a line of at most 80 points. */
  plot({ rows: settled, elapsed_seconds: at }) {
    const { points } = this;
    const last = points.at(-1);
    if (last && at - last.at < 0.09) return;
    points.push({ at, settled, rate: last ? Math.max(0, (settled - last.settled) / (at - last.at)) : 0 });
    if (points.length > 80) points.shift();
    const chart = part(this.card, "chart");
    /* What ran ahead of the first look says nothing of the pace. */
    const shown = points.slice(2);
    const top = Math.max(1, ...shown.map((p) => p.rate));
    show(chart, shown.length > 1);
    chart.setAttribute("aria-label", `Rows a second, now ${number(Math.round(points.at(-1).rate))}, at most ${number(Math.round(top))}`);
    const step = 160 / Math.max(1, shown.length - 1);
    $("polyline", chart).setAttribute("points",
      shown.map((p, i) => `${(i * step).toFixed(1)},${(38 - 36 * p.rate / top).toFixed(1)}`).join(" "));
  }

  renderCounts() {
    const { card, data } = this;
    part(card, "total").textContent = number(data.counts.total);
    part(card, "loaded").textContent = number(data.counts.loaded);
    part(card, "rejected").textContent = number(data.counts.rejected);
    part(card, "rejected").classList.toggle("some", data.counts.rejected > 0);
    part(card, "time").textContent = duration(data.progress.elapsed_seconds);
  }

  renderTrouble() {
    const { data } = this;
    if (!data.error) { this.trouble("", ""); return; }
    const texts = {
      interrupted: "The server stopped before this import was done. What was loaded is safe; go on with it and no row is loaded twice.",
      canceled: data.counts.loaded > 0 ? "You stopped this import. The rows that were loaded stay; go on with it and no row is loaded twice."
        : "You stopped this import before it loaded anything.",
    };
    const safe = data.state === "failed" && data.counts.loaded > 0 ? " What was loaded is safe; go on with it when the cause is gone." : "";
    this.trouble((texts[data.state] || ERRORS[data.error.code] || "The import could not go on.") + safe, data.error.message);
  }

  renderRejects(before) {
    const { card, data } = this;
    const count = data.counts.rejected;
    show(part(card, "rejects"), count > 0);
    part(card, "rejects-title").textContent = `${rows(count)} rejected: see which, and why`;
    part(card, "xlsx").href = this.path("/rejects?format=xlsx");
    part(card, "csv").href = this.path("/rejects?format=csv");
    const reason = part(card, "reason");
    reason.replaceChildren(element("option", `all reasons (${number(count)})`, { value: "" }),
      ...data.reasons.map((r) => element("option", `${REASONS[r.code] || r.code} (${number(r.count)})`, { value: r.code })));
    reason.value = this.reason;
    if (part(card, "rejects").open && before && before.counts.rejected !== count && (this.shown || 0) < 20) this.loadRejects(false);
  }

  async loadRejects(further) {
    const from = further ? this.shown : 0;
    try {
      const answer = await call("GET", this.path(`/rejects?limit=50&offset=${from}&code=${encodeURIComponent(this.reason)}`));
      const body = part(this.card, "reject-rows");
      if (!further) body.replaceChildren();
      body.append(...answer.rejects.map((r) => {
        const row = element("tr");
        const column = r.header ? `${r.column ? `${r.column}: ` : ""}${r.header}` : r.column;
        const why = element("td", REASONS[r.code] || r.code);
        why.append(element("small", r.reason));
        row.append(element("td", r.sheet), element("td", number(r.row)), element("td", column), element("td", r.value), why);
        return row;
      }));
      this.shown = from + answer.rejects.length;
      show(part(this.card, "more"), answer.more);
    } catch (error) {
      this.trouble(error.message, "");
    }
  }

  /* Starts and ends are said; in between a line every ten seconds. */
  say(before) {
    const { data } = this;
    if (!before) return;
    if (before.state !== data.state && !live(data)) {
      const counts = data.counts;
      announce(`${data.file.name}: ${STATES[data.state]}. ${rows(counts.loaded)} loaded, ${number(counts.rejected)} rejected.`);
    } else if (data.state === "running" && Date.now() - lastSaid > 10000) {
      announce(`${data.file.name}: ${data.progress.percent.toFixed(0)} percent.`);
    }
  }
}

/* Takes a job from the server; the newest stand first. */
function update(data) {
  let job = jobs.get(data.id);
  if (!job) {
    job = new Job(data);
    jobs.set(data.id, job);
    const after = [...jobs.values()].filter((j) => j.data && j.data.created_at > data.created_at)
      .sort((a, b) => (a.data.created_at < b.data.created_at ? -1 : 1))[0];
    if (after) after.card.after(job.card);
    else $("#imports").prepend(job.card);
  }
  job.set(data);
  summarize();
  return job;
}

function drop(id) {
  jobs.get(id)?.card.remove();
  jobs.delete(id);
  summarize();
}

function summarize() {
  const all = [...jobs.values()].map((j) => j.data);
  const running = all.filter((j) => j.state === "running").length;
  const waiting = all.filter((j) => j.state === "queued").length;
  const words = [];
  if (running) words.push(`${running} running`);
  if (waiting) words.push(`${waiting} waiting`);
  $("#summary").textContent = words.join(", ");
  document.title = running ? `(${running}) sluice` : "sluice";
  show($("#empty"), all.length === 0);
}

/* ------------------------------------------------------------------ events */

let source = null;
let later = 0;

function connect(since) {
  source?.close();
  source = new EventSource(`api/events?since=${since}`);
  source.addEventListener("job", (e) => update(JSON.parse(e.data)));
  source.addEventListener("kept", (e) => {
    const kept = new Set(JSON.parse(e.data));
    for (const id of [...jobs.keys()]) if (!kept.has(id)) drop(id);
  });
  source.onopen = () => show($("#offline"), false);
  source.onerror = () => {
    show($("#offline"), true);
    /* The browser tries again by itself, unless the server said no. */
    if (source.readyState === EventSource.CLOSED) retry();
  };
}

function retry() {
  clearTimeout(later);
  later = setTimeout(load, 2000);
}

let oldest = 0;
async function load() {
  try {
    const [list, known] = await Promise.all([call("GET", "api/imports?limit=50"), call("GET", "api/targets")]);
    targets = known.targets;
    list.imports.forEach(update);
    oldest = list.imports.length;
    summarize();
    show($("#older"), list.total > oldest);
    show($("#offline"), false);
    connect(list.version);
  } catch (error) {
    show($("#offline"), true);
    retry();
  }
}

async function loadOlder() {
  const list = await call("GET", `api/imports?limit=50&offset=${oldest}`);
  list.imports.forEach(update);
  oldest += list.imports.length;
  show($("#older"), list.total > oldest);
}

/* -------------------------------------------------------------------- start */

function setUp() {
  const area = $("#drop");
  const input = $("#files");
  input.onchange = () => { choose(input.files); input.value = ""; };
  for (const name of ["dragover", "dragleave", "drop"])
    document.addEventListener(name, (e) => {
      e.preventDefault();
      area.classList.toggle("over", name === "dragover");
      if (name === "drop" && e.dataTransfer) choose(e.dataTransfer.files);
    });
  $("#start-all").onclick = startAll;
  $("#older").onclick = () => loadOlder().catch((error) => announce(error.message));
  addEventListener("beforeunload", (e) => { if (drafts.size) e.preventDefault(); });
  if (input.files.length) input.onchange(); /* somebody was quick */
  load();
}

/* After the first picture, which needs nothing of this; a hidden page has none. */
if (document.hidden) setUp();
else requestAnimationFrame(() => setTimeout(setUp));
