/**
 * Shows the page in a notebook's cell, as anywidget wants it.
 *
 * The page becomes a frame with an address of its own (blob:), because its state is the part of the address after `#`: a frame without an
 * address (srcdoc) would take the notebook's, and a link in it would open the notebook again. Both are of one origin, so that the address
 * can be read and set from here.
 */

/** The page's data go behind this; `standalone_page.py` took them out from there. */
const BEFORE_DATA = 'id="dunwu-data">';

function render({ model, el }) {
  let frame = null;
  let page = null; // the frame's address without what follows `#`

  const asked = () => `#/${model.get('address')}`;

  /** A new frame each time: one that goes elsewhere would leave its old address to the notebook's button "back". */
  function open() {
    const html = model.get('page').replace(BEFORE_DATA, (before) => before + model.get('data'));
    if (page) URL.revokeObjectURL(page);
    page = URL.createObjectURL(new Blob([html], { type: 'text/html;charset=utf-8' }));
    frame = document.createElement('iframe');
    frame.title = 'Dunwu';
    frame.allow = 'fullscreen; clipboard-write';
    frame.style.cssText = 'display: block; width: 100%; border: 0;';
    frame.addEventListener('load', loaded);
    resize();
    frame.src = page + asked();
    el.replaceChildren(frame);
  }

  /** Also called where a notebook moves the cell: the frame then loads again, with the address that it had first. */
  function loaded() {
    const inside = frame.contentWindow;
    follow();
    inside.addEventListener('hashchange', tell);
    // No event says that a page replaced its address.
    const replace = inside.history.replaceState;
    inside.history.replaceState = function (...how) {
      replace.apply(this, how);
      tell();
    };
  }

  /** From the page to Python. */
  function tell() {
    const address = frame.contentWindow.location.hash.replace(/^#\/?/, '');
    if (address === model.get('address')) return;
    model.set('address', address);
    model.save_changes();
  }

  /** From Python to the page. */
  function follow() {
    const location = frame.contentWindow?.location; // there is none as long as the cell is nowhere in the document
    if (location && location.hash !== asked()) location.replace(page + asked());
  }

  function resize() {
    frame.style.height = `${model.get('height')}px`;
  }

  // The page and its data may change in one message, which is one new frame.
  let is_due = false;
  function reopen() {
    if (is_due) return;
    is_due = true;
    queueMicrotask(() => {
      is_due = false;
      if (page) open();
    });
  }

  const changes = { 'change:page': reopen, 'change:data': reopen, 'change:address': follow, 'change:height': resize };
  for (const [name, change] of Object.entries(changes)) model.on(name, change);
  open();
  return () => {
    for (const [name, change] of Object.entries(changes)) model.off(name, change);
    frame.remove();
    URL.revokeObjectURL(page);
    page = null;
  };
}

export default { render };
