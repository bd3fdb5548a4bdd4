//! What cannot be: exit code 2, nothing on standard output, what is wrong and what is allowed.

use crate::Desk;

#[test]
fn a_mistake_in_a_file_is_shown_in_its_line_with_what_is_allowed() {
    let desk = Desk::new();
    for (text, wanted) in [
        ("steps = 5\nstpes = 6\n", &["unknown setting \"stpes\"", "stpes = 6", "wrong.toml:2:1", "\"steps\"?"] as &[_]),
        ("[optimizer]\nlerning_rate = 1\n", &["lerning_rate = 1", "\"optimizer.learning_rate\"?"]),
        ("steps = \"five\"\n", &["`steps` cannot be a text (\"five\")", "wrong.toml:1:9", "a whole number from 1"]),
        ("steps = 5\n[model]\nwidth = -3\n", &["`model.width` cannot be -3", "wrong.toml:3:9", "out of range"]),
        ("[model]\nactivation = \"sqare\"\n", &["\"sqare\"", "did you mean \"square\"?"]),
        ("loss = \"hinge\"\n", &["\"hinge\"", "mse, cross_entropy"]),
        ("[data]\nfraction = 1.5\n", &["`data.fraction` cannot be 1.5", "above 0, at most 1"]),
        ("[data]\nfraction = 0.5\ncount = 3\n", &["contradicts", "wrong.toml:"]),
        ("optimizer = \"sgd\"\noptimizer.beta1 = 0.9\n", &["wrong.toml:"]),
        ("[optimizer]\nname = \"sgd\"\nbeta1 = 0.9\n", &["`optimizer.beta1` does not apply", "sgd has no beta1"]),
        ("steps = = 5\n", &["not TOML", "wrong.toml:1:9"]),
        ("steps = 5\nsteps = 6\n", &["`steps` is set twice", "steps = 6", "keep one"]),
        ("[model\nwidth = 3\n", &["not TOML", "wrong.toml:1"]),
        ("preset = \"smal\"\n", &["unknown preset \"smal\"", "\"small\"?"]),
        ("task = \"cyclik:5\"\n", &["cyclik", "cyclic"]),
        ("task = \"cyclic:1\"\n", &["`cyclic:1` has 1 element"]),
        ("steps = nan\n", &["`steps`"]),
        ("optimizer.learning_rate = inf\n", &["`optimizer.learning_rate` cannot be inf"]),
        ("steps = 99999999999999999999\n", &["wrong.toml:1"]),
        ("steps = [5]\n", &["`steps` cannot be"]),
        ("\u{feff}\u{0}", &["wrong.toml:1", "write one key = value a line"]),
    ] {
        desk.write("wrong.toml", text);
        desk.refuses("run wrong.toml --json", 2, wanted);
    }
    assert!(desk.runs().is_empty(), "what is refused leaves nothing behind");
}

#[test]
fn a_spec_that_is_no_text_is_named_and_one_in_utf_16_is_read() {
    let desk = Desk::new();
    desk.write("wrong.toml", [0x00, 0xFF, b'{']);
    desk.refuses("run wrong.toml", 2, &["cannot read \"wrong.toml\"", "neither UTF-8 nor UTF-16; save it as UTF-8"]);
    let text = "\u{feff}preset = \"small\"\nsteps = 3\n";
    desk.write("powershell.toml", text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    assert_eq!(desk.json("run powershell.toml --quiet")["outcome"]["step"], 3);
}

#[test]
fn a_mistake_on_the_command_line_is_shown_where_it_stands() {
    let desk = Desk::new();
    for (words, wanted) in [
        ("run smal", &["unknown preset \"smal\"", "did you mean \"small\"?"] as &[_]),
        ("run nothing-like-it", &["unknown preset", "tian-2025, small, loses, unordered"]),
        ("run small stpes=5", &["unknown setting \"stpes\"", "\"steps\"?"]),
        ("run small lr=0.1", &["\"lr\"", "\"optimizer.learning_rate\"?"]),
        ("run small steps=", &["\"steps=\" sets nothing", "steps=500"]),
        ("run small =5", &["\"=5\" sets nothing"]),
        ("run small steps", &["\"steps\" sets nothing"]),
        ("run small steps=0", &["`steps` cannot be 0", "from 1 to"]),
        ("run small steps=-1", &["`steps` cannot be -1"]),
        ("run small steps=1e99", &["`steps` cannot be 1e99"]),
        ("run small steps=2.5", &["`steps` cannot be", "a whole number"]),
        ("run small steps=3 steps=4", &["`steps` is set twice", "keep one"]),
        ("run small optimizer.learning_rate=nan", &["a number above 0"]),
        ("run small seed=-1", &["`seed` cannot be -1"]),
        ("run small task=foo:3", &["no task family is called `foo`", "cyclic, product"]),
        ("run small task=cyclic:", &["`cyclic:` is not of the form `cyclic:M`"]),
        ("run small task=symmetric:12", &["479001600 elements, more than the 4096"]),
        ("run small task=cyclic:99999999999999999999", &["cyclic:99999999999999999999"]),
        ("run small task=expression:x^^2:7", &["x^^2"]),
        ("run small task=cyclic:5 data.count=26", &["asks for 26 training samples, but there are only 25"]),
        ("run small task=cyclic:5 data.fraction=0.01", &["leaves no training sample of 25"]),
        ("run small data.corrupted=2", &["`data.corrupted` cannot be 2"]),
        ("run missing.toml", &["cannot read \"missing.toml\": No such file"]),
        ("run ./small", &["cannot read \"./small\": No such file"]),
        ("run .", &["cannot read \".\": Is a directory"]),
        ("runn small", &["unrecognized subcommand 'runn'", "a similar subcommand exists: 'run'"]),
        ("nonsense", &["unrecognized subcommand 'nonsense'", "--help"]),
        ("run small --checkpoint-every soon", &["a number of seconds"]),
        ("run small --checkpoint-every=-1", &["a number of seconds"]),
        ("export x --tables xlsx", &["parquet, csv"]),
        ("resume", &["<RUN>"]),
        ("measures nonsense", &["there is no measure `nonsense`"]),
        ("task nonsense", &["no task family is called `nonsense`"]),
        ("task table:", &["table:"]),
        ("task table:missing.csv", &["cannot read the task's table (No such file", "missing.csv"]),
    ] {
        desk.refuses(words, 2, wanted);
    }
    assert!(desk.runs().is_empty(), "what is refused leaves nothing behind");
}

/// Arguments of almost 128 KiB, the most that Linux passes on.
#[test]
fn nesting_without_end_is_refused_or_read_but_never_too_deep() {
    let desk = Desk::new();
    let brackets = format!("task expression:{}x{}:7", "(".repeat(60_000), ")".repeat(60_000));
    assert_eq!(desk.dunwu(&brackets).code, 2);
    assert_eq!(desk.dunwu(&format!("task expression:{}x:7", "-".repeat(120_000))).code, 2);
    assert_eq!(desk.dunwu(&format!("task {}cyclic:2", "product:".repeat(15_000))).code, 0);
    desk.refuses(&format!("task {}cyclic:2", "operands:2:".repeat(11_000)), 2, &["does not take a number of operands"]);
    desk.refuses(&format!("task {}cyclic:2", "product:operands:2:".repeat(6_000)), 2, &["cannot be a factor"]);
    for deep in ["a = [", "a = {a="].map(|text| format!("{}{}", &text[..4], text[4..].repeat(200_000))) {
        desk.write("deep.toml", deep);
        desk.refuses("run deep.toml --quiet", 2, &["deep.toml:1"]);
    }
    desk.write("deep.json", "[".repeat(200_000));
    desk.refuses("task table:deep.json", 2, &["not valid JSON"]);
}

#[test]
fn a_table_that_is_no_latin_square_is_refused_with_its_first_wrong_cell() {
    let desk = Desk::new();
    for (text, wanted) in [
        ("0,1\n0,1\n", "not a Latin square: row 1, column 0: 0 stands in this column already, in row 0"),
        ("0,0\n1,1\n", "not a Latin square: row 0, column 1: 0 stands in this row already, in column 0"),
        ("# index_base = 1\n1,2\n1,2\n", "row 2, column 1: 1 stands in this column already, in row 1"),
        ("0,2\n2,1\n", "row 0, column 1: 2 is no element; elements are 0 to 1; a table that counts from 1"),
        ("0,1,2\n1,0\n", "must be square"),
        ("0,x\n1,0\n", "x"),
        ("[[0,1],[1", "JSON"),
        ("", "the table has no rows"),
        ("# only words\n\n", "the table has no rows"),
        ("0\n", "the least is 2"),
        ("-1,0\n0,1\n", "`-1` is not a whole number"),
    ] {
        desk.write("table.csv", text);
        desk.refuses("task table:table.csv", 2, &[wanted, "table.csv"]);
        desk.refuses("run small task=table:table.csv steps=2", 2, &[wanted]);
    }
    desk.write("table.csv", b"\xff0,1");
    desk.refuses("task table:table.csv", 2, &["the task's table is neither UTF-8 nor UTF-16", "table.csv"]);
    desk.refuses("task table:.", 2, &["cannot read the task's table", "Is a directory"]);
}

#[test]
fn a_split_with_a_wrong_tuple_is_refused_with_its_line() {
    let desk = Desk::new();
    for (text, wanted) in [
        ("0,1\n1,2\n0,1\n", "line 3: `0,1` is named already, at line 1"),
        ("0,1\n7,1\n", "line 2: 7 is no token of operand 1, which has 0 to 4"),
        ("0,1\n1,5\n", "line 2: 5 is no token of operand 2, which has 0 to 4"),
        ("0,1,2\n", "line 1: `0,1,2` is not 2 whole numbers"),
        ("0,-1\n", "line 1: `0,-1` is not 2 whole numbers"),
        ("[[0,1],[0,1]]", "entry 2: `[0,1]` is named already, at entry 1"),
        ("[[0,1", "not valid JSON"),
        ("", "leaves no training sample"),
    ] {
        desk.write("split.csv", text);
        desk.refuses("run small task=cyclic:5 data.split=split.csv steps=2", 2, &[wanted, "split.csv"]);
    }
    desk.refuses("run small task=cyclic:5 data.split=missing.csv", 2, &["cannot read the split", "missing.csv"]);
}

#[test]
fn a_run_larger_than_the_memory_is_refused_before_it_begins() {
    if !std::path::Path::new("/proc/meminfo").exists() {
        return;
    }
    let desk = Desk::new();
    desk.refuses("run task=cyclic:997 model.width=1048576", 2, &["GB of memory", "lower model.width"]);
    desk.refuses("run small model.architecture=mlp model.width=1000000", 2, &["GB of memory", "model.depth"]);
    assert!(!desk.path("runs").exists());
}
