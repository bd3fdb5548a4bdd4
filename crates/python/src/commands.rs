//! Every command with its arguments, as data: what the typed functions of the package are made from.

use pyo3::prelude::*;
use serde_json::{Value, json};

/// Every command of the command line as JSON: name, help, positional arguments, options with what they take.
#[pyfunction]
pub(crate) fn commands() -> String {
    Value::from(below(&dunwu_cli::commands())).to_string()
}

fn below(command: &clap::Command) -> Vec<Value> {
    let commands = command.get_subcommands().filter(|command| command.get_name() != "help");
    let described = commands.map(|command| {
        let arguments = command.get_arguments().filter(|argument| argument.get_id() != "help");
        json!({
            "name": command.get_name(),
            "about": command.get_about().map(ToString::to_string),
            "more": command.get_long_about().map(ToString::to_string),
            "arguments": arguments.map(argument).collect::<Vec<_>>(),
            "commands": below(command),
        })
    });
    described.collect()
}

fn argument(argument: &clap::Arg) -> Value {
    let values = argument.get_num_args().unwrap_or_default();
    json!({
        "name": argument.get_id().as_str(),
        "long": argument.get_long(),
        "value_names": argument.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "help": argument.get_help().map(ToString::to_string),
        "is_required": argument.is_required_set(),
        "takes_value": argument.get_action().takes_values(),
        "is_list": values.max_values() > 1 || matches!(argument.get_action(), clap::ArgAction::Append),
        "default": argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect::<Vec<_>>(),
        "choices": argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect::<Vec<_>>(),
    })
}
