/**
 * Changing what is shown without replacing it: what stays the same keeps its focus, its
 * selection and how far it was scrolled.
 */

/** Make an element look like another one, touching only what differs. */
export function morph(element, wanted) {
  morphAttributes(element, wanted);
  morphChildren(element, [...wanted.childNodes]);
}

/** Give a parent these children, moving none that stands right already. */
export function arrange(parent, children) {
  const kept = new Set(children);
  for (const child of [...parent.childNodes]) if (!kept.has(child)) child.remove();
  children.forEach((child, index) => {
    const current = parent.childNodes[index] ?? null;
    if (current !== child) parent.insertBefore(child, current);
  });
}

function morphAttributes(element, wanted) {
  for (const { name } of [...element.attributes]) {
    if (!wanted.hasAttribute(name)) element.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

function morphChildren(parent, wanted) {
  while (parent.childNodes.length > wanted.length) parent.lastChild.remove();
  wanted.forEach((child, index) => {
    const current = parent.childNodes[index];
    if (!current) parent.append(child);
    else if (current.nodeName !== child.nodeName) current.replaceWith(child);
    else if (current.nodeType === Node.TEXT_NODE) write(current, child.data);
    else morph(current, child);
  });
}

/** Text that only grew is appended to: what is selected in it stays selected. */
function write(node, text) {
  if (node.data === text) return;
  if (text.startsWith(node.data)) node.appendData(text.slice(node.data.length));
  else node.data = text;
}
