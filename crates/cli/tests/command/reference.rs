//! `dunwu task`, `measures`, `presets`, `settings`: what there is to choose from.

use crate::Desk;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Degrees and types with their numbers; and how many elements square to the identity.
struct Known {
    spec: &'static str,
    order: u64,
    abelian: bool,
    irreps: &'static [(u64, &'static str, u64)],
    n_square_roots: u64,
}

/// From the character tables; the last column is counted by hand, element orders in mind.
const KNOWN: &[Known] = &[
    Known {
        spec: "cyclic:6",
        order: 6,
        abelian: true,
        irreps: &[(1, "complex", 4), (1, "real", 2)],
        n_square_roots: 2,
    },
    Known {
        spec: "product:cyclic:2,cyclic:3",
        order: 6,
        abelian: true,
        irreps: &[(1, "complex", 4), (1, "real", 2)],
        n_square_roots: 2,
    },
    Known { spec: "multiplicative:8", order: 4, abelian: true, irreps: &[(1, "real", 4)], n_square_roots: 4 },
    Known {
        spec: "symmetric:4",
        order: 24,
        abelian: false,
        irreps: &[(1, "real", 2), (2, "real", 1), (3, "real", 2)],
        n_square_roots: 10,
    },
    Known {
        spec: "alternating:4",
        order: 12,
        abelian: false,
        irreps: &[(1, "complex", 2), (1, "real", 1), (3, "real", 1)],
        n_square_roots: 4,
    },
    Known {
        spec: "dihedral:5",
        order: 10,
        abelian: false,
        irreps: &[(1, "real", 2), (2, "real", 2)],
        n_square_roots: 6,
    },
    Known {
        spec: "dicyclic:2",
        order: 8,
        abelian: false,
        irreps: &[(1, "real", 4), (2, "quaternionic", 1)],
        n_square_roots: 2,
    },
    Known {
        spec: "dicyclic:3",
        order: 12,
        abelian: false,
        irreps: &[(1, "complex", 2), (1, "real", 2), (2, "quaternionic", 1), (2, "real", 1)],
        n_square_roots: 2,
    },
    Known {
        spec: "heisenberg:3",
        order: 27,
        abelian: false,
        irreps: &[(1, "complex", 8), (1, "real", 1), (3, "complex", 2)],
        n_square_roots: 1,
    },
    Known {
        spec: "affine:5",
        order: 20,
        abelian: false,
        irreps: &[(1, "complex", 2), (1, "real", 2), (4, "real", 1)],
        n_square_roots: 6,
    },
    // The quaternion group again, from its table: i^a j^b is element a + 4b.
    Known {
        spec: "table:q8.json",
        order: 8,
        abelian: false,
        irreps: &[(1, "real", 4), (2, "quaternionic", 1)],
        n_square_roots: 2,
    },
];

/// (i^a j^b)(i^c j^d) = i^(a ± c) j^(b + d), minus where b = 1, and j² = i².
fn quaternion_table() -> String {
    let product = |x: u32, y: u32| {
        let (a, b, c, d) = (x % 4, x / 4, y % 4, y / 4);
        let turned = if b == 1 { 4 - c } else { c };
        (a + turned + 2 * (b & d)) % 4 + 4 * ((b + d) % 2)
    };
    let rows: Vec<Vec<u32>> = (0..8).map(|x| (0..8).map(|y| product(x, y)).collect()).collect();
    serde_json::to_string(&rows).unwrap()
}

#[test]
fn tasks_have_the_irreps_of_the_character_tables() {
    let desk = Desk::new();
    desk.write("q8.json", quaternion_table());
    for known in KNOWN {
        let task = desk.json(&format!("task {}", known.spec));
        assert_eq!(task["order"], known.order, "{task}");
        assert_eq!(task["abelian"], known.abelian, "{task}");
        let mut counts: BTreeMap<(u64, String), u64> = BTreeMap::new();
        for irrep in task["irreps"].as_array().unwrap() {
            let kind = irrep["type"].as_str().unwrap().to_owned();
            *counts.entry((irrep["degree"].as_u64().unwrap(), kind)).or_default() += 1;
        }
        let wanted = known.irreps.iter().map(|&(degree, kind, count)| ((degree, kind.to_owned()), count));
        assert_eq!(counts, wanted.collect(), "{task}");
        // Σ d² = |G|, as many irreps as classes, and Frobenius and Schur: Σ ν d counts the g with g² = 1.
        let sum = |of: fn(u64, &str) -> i64| -> i64 {
            counts.iter().map(|((degree, kind), count)| of(*degree, kind) * *count as i64).sum()
        };
        assert_eq!(sum(|degree, _| (degree * degree) as i64), known.order as i64, "{task}");
        assert_eq!(task["classes"], counts.values().sum::<u64>(), "{task}");
        let signs = sum(|degree, kind| {
            degree as i64
                * match kind {
                    "real" => 1,
                    "quaternionic" => -1,
                    _ => 0,
                }
        });
        assert_eq!(signs, known.n_square_roots as i64, "{task}");
        let said = desk.dunwu(&format!("task {}", known.spec)).stdout;
        let kind = if known.abelian { "an abelian group" } else { "a non-abelian group" };
        assert!(said.contains(kind) && said.contains("conjugacy classes"), "{said}");
    }
}

#[test]
fn small_groups_show_their_character_table() {
    let desk = Desk::new();
    let table = |task: &str| {
        let said = desk.dunwu(&format!("task {task}")).stdout;
        let lines = said.lines().skip_while(|line| *line != "Character table").skip(1);
        lines.take_while(|line| line.starts_with("  ")).flat_map(|line| [line, "\n"]).collect::<String>()
    };
    assert_eq!(
        table("symmetric:4"),
        "  element order  1   2   2   3   4
  class size     1   3   6   8   6
  trivial        1   1   1   1   1
  sign           1   1  -1   1  -1
  degree 2 #1    2   2   0  -1   0
  degree 3 #1    3  -1   1   0  -1
  degree 3 #2    3  -1  -1   0   1
"
    );
    assert_eq!(
        table("cyclic:4"),
        "  element order          1   2   4   4
  class size             1   1   1   1
  trivial                1   1   1   1
  frequency 1            1  -1   i  -i
  frequency 1 conjugate  1  -1  -i   i
  frequency 2            1   1  -1  -1
"
    );
    let alternating = table("alternating:4");
    assert!(alternating.contains("  1   1  -0.5+0.866i  -0.5-0.866i\n"), "{alternating}");
    assert!(table("alternating:5").contains("3  -1   0   1.618  -0.618\n"));
    assert_eq!(table("cyclic:13"), "");
}

#[test]
fn programs_read_the_character_table() {
    let desk = Desk::new();
    for spec in ["symmetric:3", "cyclic:13", "dicyclic:3", "affine:7"] {
        let task = desk.json(&format!("task {spec}"));
        let numbers = |value: &Value| value.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect::<Vec<_>>();
        let sizes = numbers(&task["class_sizes"]);
        assert_eq!(sizes.len() as u64, task["classes"].as_u64().unwrap());
        assert_eq!(sizes.iter().sum::<f64>(), task["order"].as_f64().unwrap());
        assert_eq!(task["class_representatives"].as_array().unwrap().len(), sizes.len());
        let rows = task["characters"].as_array().unwrap();
        for (row, irrep) in rows.iter().zip(task["irreps"].as_array().unwrap()) {
            assert_eq!((&row["degree"], &row["type"]), (&irrep["degree"], &irrep["type"]), "{spec}");
        }
        let values = |row: &Value| row["values"].as_array().unwrap().iter().map(numbers).collect::<Vec<_>>();
        for (i, left) in rows.iter().enumerate() {
            for (j, right) in rows.iter().enumerate() {
                let (left, right) = (values(left), values(right));
                let of = |part: fn(&[f64], &[f64]) -> f64| -> f64 {
                    (0..sizes.len()).map(|class| sizes[class] * part(&left[class], &right[class])).sum()
                };
                let expected = if i == j { sizes.iter().sum() } else { 0.0 };
                assert!((of(|a, b| a[0] * b[0] + a[1] * b[1]) - expected).abs() < 1e-12, "{spec} {i} {j}");
                assert!(of(|a, b| a[1] * b[0] - a[0] * b[1]).abs() < 1e-12, "{spec} {i} {j}");
            }
        }
    }
    assert_eq!(desk.json("task symmetric:3")["characters"][2]["values"], json!([[2.0, 0.0], [0.0, 0.0], [-1.0, 0.0]]));
    let large = desk.json("task cyclic:257");
    assert!(large["characters"].is_null() && large["class_sizes"].as_array().unwrap().len() == 257);
    let function = desk.json("task expression:x^2+x*y+y^2:7");
    assert!(function["characters"].is_null() && function["class_sizes"].is_null());
}

#[test]
fn a_quasigroup_is_called_one_and_has_no_irreps() {
    let desk = Desk::new();
    desk.write("quasi.csv", "0,2,1\n2,1,0\n1,0,2\n");
    let said = desk.dunwu("task table:quasi.csv");
    assert_eq!(said.code, 0);
    assert!(
        said.stdout.contains("a quasigroup") && said.stdout.contains("a Latin square that is no group"),
        "{}",
        said.stdout
    );
    let task = desk.json("task table:quasi.csv");
    assert_eq!((task["structure"].as_str(), &task["irreps"]), (Some("quasigroup"), &Value::Null));
}

#[test]
fn a_table_that_counts_from_one_is_the_group_that_it_is() {
    let desk = Desk::new();
    desk.write("one.csv", "# index_base = 1\n1,2,3\n2,3,1\n3,1,2\n");
    desk.write("zero.json", "[[0,1,2],[1,2,0],[2,0,1]]");
    let (one, zero) = (desk.json("task table:one.csv"), desk.json("task table:zero.json"));
    assert_eq!((&one["order"], &one["irreps"]), (&zero["order"], &zero["irreps"]));
    assert_eq!(one["structure"], "group");
}

#[test]
fn a_polynomial_is_a_function_and_says_so() {
    let desk = Desk::new();
    let task = desk.json("task expression:x^2+x*y+y^2:7");
    assert_eq!((task["structure"].as_str(), task["population"].as_u64()), (Some("function"), Some(49)));
    assert!(desk.dunwu("task expression:x^2+x*y+y^2:7").stdout.contains("no group multiplication"));
}

#[test]
fn a_problem_of_numbers_says_how_many_and_shows_some() {
    let desk = Desk::new();
    let task = desk.json("task digits");
    assert_eq!(
        (task["order"].as_u64(), task["features"].as_u64(), task["population"].as_u64()),
        (Some(10), Some(64), Some(1797))
    );
    assert_eq!(task["label_counts"], json!([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]));
    assert!(task["irreps"].is_null() && task["operands"] == 0);
    let said = desk.dunwu("task parity:3:2").stdout;
    for expected in ["2 labels, 8 inputs of 3 numbers", "inputs of each label  4, 4", "  1       1  -1   1\n"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn every_list_is_there_in_words_and_as_json() {
    let desk = Desk::new();
    for (command, key, name) in [
        ("task", "families", "name"),
        ("presets", "presets", "name"),
        ("settings", "settings", "key"),
        ("measures", "measures", "name"),
    ] {
        let rows = desk.json(command)[key].as_array().unwrap().clone();
        let said = desk.dunwu(command);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""));
        assert!(command == "measures" || !rows.is_empty(), "{command}");
        for row in rows {
            let name = row[name].as_str().unwrap();
            assert!(said.stdout.contains(name), "{command} does not tell of {name}");
        }
    }
}

#[test]
fn every_example_of_a_family_is_a_task() {
    let desk = Desk::new();
    desk.write("steiner.csv", "0,2,1\n2,1,0\n1,0,2\n");
    for family in desk.json("task")["families"].as_array().unwrap() {
        let example = family["example"].as_str().unwrap();
        assert!(desk.json(&format!("task {example}"))["order"].as_u64().unwrap() >= 2, "{example}");
    }
}

#[test]
fn every_preset_is_one_that_run_takes() {
    let desk = Desk::new();
    for preset in desk.json("presets")["presets"].as_array().unwrap() {
        let name = preset["name"].as_str().unwrap();
        let result = desk.json(&format!("run {name} steps=1 model.width=8 --quiet"));
        assert_eq!(result["outcome"]["step"], 1, "{name}: {result}");
    }
}

/// What the command really prints fits what `dunwu schema` says it prints.
#[test]
fn what_is_printed_fits_its_schema() {
    let desk = Desk::new();
    let all: Value = serde_json::from_str(&desk.dunwu("schema").stdout).unwrap();
    for command in
        ["task", "task symmetric:3", "task digits", "presets", "settings", "measures", "measures embedding_gini"]
    {
        let verb = command.split(' ').next().unwrap();
        let schema: Value = serde_json::from_str(&desk.dunwu(&format!("schema {verb}")).stdout).unwrap();
        assert_eq!(schema, all[verb], "{verb} alone and among all");
        let validator = jsonschema::validator_for(&schema).unwrap();
        let mut printed = desk.json(command);
        let mistakes: Vec<String> = validator.iter_errors(&printed).map(|error| error.to_string()).collect();
        assert_eq!(mistakes, [""; 0], "{command}");
        printed.as_object_mut().unwrap().remove("headline");
        assert!(!validator.is_valid(&printed), "{command}: every answer has a headline");
    }
    desk.refuses("schema sing", 2, &["sing", "phase", "task"]);
}
