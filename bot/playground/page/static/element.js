/** Elements, made without any HTML text. */

/**
 * Make an element.
 *
 * @param {string} tag the tag, with classes behind dots: `span.time`
 * @param {object} properties set on the element; a name with a dash is an attribute
 * @param {...(Node|string)} children strings become text
 */
export function make(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  element.classList.add(...classes);
  for (const [property, value] of Object.entries(properties)) {
    if (property.includes("-")) element.setAttribute(property, value);
    else element[property] = value;
  }
  element.append(...children);
  return element;
}
