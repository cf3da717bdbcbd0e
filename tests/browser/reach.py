"""The way from a page's script to any widget's model, for measuring and for long use."""

# window.modelOf(id): a promise of the model that a widget of this `model_id` has in the page.
REACH = """
import anywidget
class Reach(anywidget.AnyWidget):
    _esm = "export default { render({ model }) { window.modelOf = id => model.widget_manager.get_model(id); } }"
"""

# window.changed(model, name): a promise of a trait's next change; its value is the trait's new value.
# window.ask(model, traits, name): sets traits as a panel does, and waits for the change of another one.
ASKING = """
window.changed = (model, name) => new Promise(resolve => {
    const heard = () => { model.off(`change:${name}`, heard); resolve(model.get(name)); };
    model.on(`change:${name}`, heard);
});
window.ask = (model, traits, name) => {
    const answer = window.changed(model, name);
    model.set(traits);
    model.save_changes();
    return answer;
};
"""
