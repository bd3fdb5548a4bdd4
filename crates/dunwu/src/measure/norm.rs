//! Norms of the weights.

use super::{Measure, Quantity, Shape};
use dunwu_engine::model::Weights;

const UNIT_OF: &str = "weight; 0 is a unit without weights";

pub(super) const HIDDEN: Measure = Measure {
    name: "hidden_norm",
    tells: "how large the network is below its top layer; it decays to nothing when the network collapses",
    formula: "‖θ‖ = (Σ θ²)^½ over every parameter below the top layer; of a two-layer network ‖W‖",
    shape: Shape::Scalar,
    unit: "weight",
    source: "definition",
    undefined: "where a weight is not finite",
    compute: |scene| {
        let arrays = &scene.snapshot.parameters.arrays;
        if arrays.is_empty() {
            return Quantity::scalar(norm(scene.weights().hidden.iter().copied()));
        }
        let below = arrays.iter().filter(|array| !array.name.starts_with("top."));
        Quantity::scalar(norm(below.flat_map(|array| &array.values).copied()))
    },
};

pub(super) const TOP: Measure = Measure {
    name: "top_norm",
    tells: "how large the top layer is",
    formula: "‖V‖ = (Σ_{jc} V_jc²)^½",
    shape: Shape::Scalar,
    unit: "weight",
    source: "definition",
    undefined: "where a weight is not finite",
    compute: |scene| Quantity::scalar(norm(scene.weights().top.iter().copied())),
};

pub(super) const UNIT: Measure = Measure {
    name: "unit_norm",
    tells: "whether a unit is alive: decay takes the weights of units that do nothing",
    formula: "‖wⱼ‖",
    shape: Shape::PerUnit,
    unit: UNIT_OF,
    source: "definition",
    undefined: "where W is no table of tokens, or a weight is not finite",
    compute: |scene| {
        scene.token_weights()?;
        Quantity::per_unit(scene.unit_inputs().map(|weights| Some(norm(weights.iter().copied()))))
    },
};

pub(super) const UNIT_OUTPUT: Measure = Measure {
    name: "unit_output_norm",
    tells: "how strongly the outputs listen to a unit",
    formula: "‖vⱼ‖, vⱼ = row j of V",
    shape: Shape::PerUnit,
    unit: UNIT_OF,
    source: "definition",
    undefined: "where a weight is not finite",
    compute: |scene| per_unit(scene.weights(), |weights, unit| norm(weights.unit_outputs(unit).iter().copied())),
};

fn per_unit(weights: &Weights, value: impl Fn(&Weights, usize) -> f64) -> Option<Quantity> {
    Quantity::per_unit((0..weights.n_units).map(|unit| Some(value(weights, unit))))
}

fn norm(weights: impl Iterator<Item = f32>) -> f64 {
    weights.map(|w| f64::from(w).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Fixture, per_unit, scalar};
    use dunwu_engine::model::Array;

    #[test]
    fn three_and_four_make_five() {
        let mut fixture = Fixture::random(2, 1, 4, 1);
        fixture.snapshot.weights.hidden = vec![3.0, 0.0, 4.0, 0.0];
        fixture.snapshot.weights.top = vec![-12.0, 5.0];
        let scene = fixture.scene();
        assert_eq!(scalar(&scene, "hidden_norm"), Some(5.0));
        assert_eq!(scalar(&scene, "top_norm"), Some(13.0));
        assert_eq!(per_unit(&scene, "unit_norm"), [Some(5.0)]);
        assert_eq!(per_unit(&scene, "unit_output_norm"), [Some(13.0)]);
        let array = |name: &str, value| Array { name: name.to_owned(), shape: vec![1], values: vec![value] };
        fixture.snapshot.parameters.arrays =
            vec![array("embedding.weight", 8.0), array("hidden.0.bias", -15.0), array("top.bias", 100.0)];
        assert_eq!(scalar(&fixture.scene(), "hidden_norm"), Some(17.0));
    }
}
