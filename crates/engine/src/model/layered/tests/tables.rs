use super::transformer::{PLAIN, problems, spec_of};
use super::*;
use crate::kernel::Workers;
use crate::model::fused::{AttendedBatch, AttendedMlp, AttentionTables};
use crate::spec::TransformerSpec;
use crate::task::Samples;

fn small(heads: usize, width: usize, activation: Activation) -> ModelSpec {
    let transformer = TransformerSpec { heads, ..PLAIN };
    spec_of(transformer, width, activation)
}

/// Away from where parameters begin, so that no bias is zero.
fn parameters(layout: &Layout) -> Vec<f32> {
    let mut parameters = layout.draw(5);
    parameters.iter_mut().enumerate().for_each(|(i, p)| *p += 0.1 * (i as f32 * 1.3).sin());
    parameters
}

struct Tabled<'a> {
    spec: &'a ModelSpec,
    problem: &'a Problem,
    samples: &'a Samples,
    loss: Loss,
    numerics: Numerics,
}

impl Tabled<'_> {
    /// Loss, gradient and predictions.
    fn step(&self, parameters: &[f32], threads: usize) -> (f64, Vec<f32>, Vec<u32>) {
        let mut form = TableForm::new(self.spec, self.problem).unwrap();
        let mut tables = AttentionTables::new(form.shape());
        let offsets: Vec<usize> = (0..self.problem.n_operands()).map(|o| self.problem.input_offset(o)).collect();
        let mut batch = AttendedBatch::new(self.samples, &offsets, form.shape());
        let rules = AttendedMlp { activation: self.spec.activation, loss: self.loss, numerics: self.numerics };
        let workers = Workers::new(threads).unwrap();
        let mut gradient = vec![f32::NAN; parameters.len()];
        form.tabulate(self.numerics, parameters, &mut tables, &workers);
        let loss = rules.forward(&tables, &mut batch, &workers).unwrap();
        rules.backward(&mut tables, &batch, &workers);
        form.pull_back(self.numerics, parameters, &tables, &workers, &mut gradient);
        (loss, gradient, batch.predictions().collect())
    }

    /// The same through the blocks.
    fn step_in_blocks(&self, parameters: &[f32]) -> (f64, Vec<f32>, Vec<u32>) {
        let network = Transformer::new(self.spec, self.problem);
        let (n, n_labels) = (self.samples.len(), self.problem.n_labels);
        let chunk = Chunk::of(self.samples, 0..n);
        let (mut tape, mut outputs) = (<Transformer as Layers>::Tape::default(), vec![0.0; n * n_labels]);
        network.forward(self.numerics, parameters, &chunk, &mut tape, &mut outputs);
        let (mut loss, mut predictions) = (0.0, vec![]);
        for (z, &y) in outputs.chunks_exact_mut(n_labels).zip(&chunk.labels) {
            predictions.push(crate::loss::predicted_label(z) as u32);
            loss += self.loss.differentiate(z, n_labels, y as usize, 1.0 / n as f32);
        }
        let mut gradient = vec![0.0; parameters.len()];
        network.backward(self.numerics, parameters, &chunk, &mut tape, Upstream::Outputs(&outputs), &mut gradient);
        (loss / n as f64, gradient, predictions)
    }
}

fn check(spec: &ModelSpec, problem: &Problem, samples: &Samples) {
    for (loss, numerics) in [(Loss::Mse, Numerics::Exact), (Loss::CrossEntropy, Numerics::Fast)] {
        let tabled = Tabled { spec, problem, samples, loss, numerics };
        let form = TableForm::new(spec, problem).unwrap();
        let parameters = parameters(form.network().layout());
        let (value, gradient, predictions) = tabled.step(&parameters, 1);
        let (expected, exact, expected_predictions) = tabled.step_in_blocks(&parameters);
        assert!((value - expected).abs() < 1e-5 * (1.0 + expected), "{value} for {expected}");
        let agreeing = predictions.iter().zip(&expected_predictions).filter(|(p, e)| p == e).count();
        // Outputs that tie to rounding may fall either way.
        assert!(agreeing * 1000 >= 999 * predictions.len(), "{agreeing} of {}", predictions.len());
        let (ours, theirs) = (form.network().layout().named(&gradient), form.network().layout().named(&exact));
        for (ours, exact) in ours.arrays.iter().zip(&theirs.arrays) {
            let size = exact.values.iter().fold(0.0_f32, |size, g| size.max(g.abs()));
            for (ours, exact_value) in ours.values.iter().zip(&exact.values) {
                // Sums over samples, columns and inputs in another order: some hundred roundings of 6e-8 of the largest.
                let error = (ours - exact_value).abs();
                assert!(error <= 4e-5 * size + 1e-7, "{} {loss:?}: {ours} for {exact_value} of {size}", exact.name);
            }
        }
        for threads in [2, 3] {
            assert_eq!(tabled.step(&parameters, threads), (value, gradient.clone(), predictions.clone()));
        }
    }
}

#[test]
fn tables_do_what_blocks_do_on_any_number_of_threads() {
    for (problem, _) in problems() {
        let samples = problem.population();
        for (heads, width) in [(1, 7), (2, 64), (4, 70)] {
            for activation in [Activation::Gelu, Activation::Silu, Activation::Relu] {
                check(&small(heads, width, activation), &problem, &samples);
            }
        }
    }
}

/// More labels than a slab has columns, more samples than go through together.
#[test]
fn tables_of_several_slabs_do_what_blocks_do() {
    let problem = Task::parse("cyclic:67").unwrap().resolve(None).unwrap();
    let all = problem.population();
    let every_ninth: Vec<u32> = (0..all.len() as u32).step_by(9).collect();
    check(&small(4, 130, Activation::Gelu), &problem, &all.select(&every_ninth));
}

/// Against the loss itself: ε = 1/128 leaves 1e-5 of a third derivative, and rounding 2⁻²⁴·|L|·128 ≈ 2e-5.
#[test]
fn the_gradient_of_tables_agrees_with_central_differences() {
    for (problem, _) in problems() {
        let (spec, samples) = (small(2, 7, Activation::Gelu), problem.population());
        let tabled = Tabled {
            spec: &spec,
            problem: &problem,
            samples: &samples,
            loss: Loss::CrossEntropy,
            numerics: Numerics::Fast,
        };
        let form = TableForm::new(&spec, &problem).unwrap();
        let parameters = parameters(form.network().layout());
        let (_, gradient, _) = tabled.step(&parameters, 1);
        let mut first = 0;
        for array in form.network().layout().named(&gradient).arrays {
            let direction: Vec<f32> = (0..array.values.len()).map(|i| ((i * 31 + 1) as f32).sin()).collect();
            let size = direction.iter().map(|d| d * d).sum::<f32>().sqrt();
            let moved = |by: f32| {
                let mut parameters = parameters.clone();
                parameters[first..].iter_mut().zip(&direction).for_each(|(p, d)| *p += by * d / size);
                tabled.step(&parameters, 1).0
            };
            let difference = (moved(1.0 / 128.0) - moved(-1.0 / 128.0)) * 64.0;
            let slope: f64 = array.values.iter().zip(&direction).map(|(g, d)| f64::from(g * d / size)).sum();
            assert!((difference - slope).abs() < 1e-4, "{}: {slope} against {difference}", array.name);
            first += array.values.len();
        }
    }
}
