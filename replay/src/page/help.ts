import { h } from './dom';
import { KEYS } from './keys';

/** The keys, and what the marks mean. */
export class HelpDialog {
  readonly element: HTMLDialogElement;
  constructor() {
    this.element = h('dialog', { id: 'help', 'aria-label': 'Keys' },
      h('h2', {}, 'Keys'),
      h('dl', { class: 'keys' }, ...KEYS.flatMap((key) => [h('dt', {}, h('kbd', {}, key.shown)), h('dd', {}, key.does)])),
      h('form', { method: 'dialog' }, h('button', {}, 'Close')));
  }
  get isOpen(): boolean {
    return this.element.open;
  }
  show(): void {
    this.element.showModal();
  }
}
