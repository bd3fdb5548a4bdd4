//! Restarts on the landscape of cyclic:23 with 212 samples, σ = x², to the slope at which peaks are certified, beside the same ascent
//! as a plain loop, one unit at a time with the n × M definition, and beside the step that needs no height,
//! `w ← normalise(g + ‖g‖ w)`.
//!
//! Items are restarts.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use dunwu::landscape::{Energy, EnergyKind, Inputs, Projection, Stop, climb, random_start};
use dunwu_engine::kernel::Workers;
use dunwu_engine::model::Activation;
use dunwu_engine::spec::{DataSpec, Sampling};
use dunwu_engine::task::Task;
use dunwu_engine::{Problem, Samples, Split};

fn main() {
    divan::main();
}

const ORDER: usize = 23;
const RESTARTS: usize = 256;
/// The plain loops are slower by so much that a few say enough.
const PLAIN_RESTARTS: usize = 8;

fn sample() -> (Problem, Samples) {
    let problem = Task::parse("cyclic:23").expect("a task").resolve(None).expect("a problem");
    let split = Split::draw(&problem, &DataSpec::of(Sampling::Count(212)), 0, None).expect("a split");
    (problem, split.train)
}

fn projection(kind: EnergyKind, problem: &Problem, samples: &Samples) -> Projection {
    Projection::of(kind, problem, samples, Activation::Square, 0.0).expect("pairs of tokens have a kernel")
}

fn start(i: usize) -> Vec<f64> {
    random_start(0, i as u64, 2 * ORDER)
}

#[divan::bench(args = EnergyKind::ALL, consts = [1, 2], sample_count = 10, sample_size = 1)]
fn restarts<const THREADS: usize>(bencher: Bencher<'_, '_>, kind: EnergyKind) {
    let (problem, samples) = sample();
    let projection = projection(kind, &problem, &samples);
    let energy = Energy::new(Inputs::of(&problem, &samples), 2 * ORDER, Activation::Square, projection);
    let workers = Workers::new(THREADS).expect("threads");
    let counter = ItemsCount::new(RESTARTS);
    bencher.counter(counter).bench_local(|| black_box(climb(&energy, RESTARTS, start, Stop::PEAK, &workers)));
}

/// The n × M definition.
struct Plain {
    /// The two weights that a sample reads.
    reads: Vec<[usize; 2]>,
    /// Columns of A, `[n][M]`.
    columns: Vec<Vec<f64>>,
}

impl Plain {
    fn new(kind: EnergyKind) -> Self {
        let (problem, samples) = sample();
        let (projection, inputs) = (projection(kind, &problem, &samples), Inputs::of(&problem, &samples));
        let columns = (0..samples.len()).map(|i| projection.column(i, &inputs)).collect();
        let read = |i: usize| [samples.operands[0][i] as usize, ORDER + samples.operands[1][i] as usize];
        Self { reads: (0..samples.len()).map(read).collect(), columns }
    }

    /// E and ∇E.
    fn evaluate(&self, w: &[f64]) -> (f64, Vec<f64>) {
        let mut signal = [0.0; ORDER];
        for (&[a, b], column) in self.reads.iter().zip(&self.columns) {
            let h = w[a] + w[b];
            signal.iter_mut().zip(column).for_each(|(z, c)| *z += h * h * c);
        }
        let mut gradient = vec![0.0; w.len()];
        for (&[a, b], column) in self.reads.iter().zip(&self.columns) {
            let slope = 2.0 * (w[a] + w[b]) * dot(column, &signal);
            gradient[a] += slope;
            gradient[b] += slope;
        }
        (0.5 * dot(&signal, &signal), gradient)
    }

    /// Barzilai and Borwein's step, shortened until the height rises, as in `landscape::ascent`.
    fn barzilai_borwein(&self, start: Vec<f64>) -> f64 {
        let mut w = normalised(start);
        let (mut height, gradient) = self.evaluate(&w);
        let (mut g, mut whole) = tangent(&gradient, &w);
        let mut step = whole.recip();
        for _ in 0..Stop::PEAK.evaluations {
            let slope = dot(&g, &g);
            if slope.sqrt() <= Stop::PEAK.slope * whole || step * slope.sqrt() < 1e-15 {
                break;
            }
            let trial = normalised(w.iter().zip(&g).map(|(w, g)| w + step * g).collect());
            let (height_there, gradient) = self.evaluate(&trial);
            if height_there - height < 1e-4 * step * slope - 1e-14 * height {
                step *= 0.25;
                continue;
            }
            let (g_there, whole_there) = tangent(&gradient, &trial);
            let s: Vec<f64> = trial.iter().zip(&w).map(|(a, b)| a - b).collect();
            let bent: f64 = s.iter().zip(g_there.iter().zip(&g)).map(|(s, (a, b))| s * (a - b)).sum();
            let natural = whole_there.recip();
            step = if bent < 0.0 { -dot(&s, &s) / bent } else { 4.0 * step };
            step = step.clamp(1e-3 * natural, 1e3 * natural);
            (w, g, whole, height) = (trial, g_there, whole_there, height_there);
        }
        height
    }

    /// `w ← normalise(g + ‖g‖ w)`, at most as often as the other evaluates.
    fn shifted_power(&self, start: Vec<f64>) -> f64 {
        let mut w = normalised(start);
        let mut height = 0.0;
        for _ in 0..Stop::PEAK.evaluations {
            let (height_here, gradient) = self.evaluate(&w);
            height = height_here;
            let (g, whole) = tangent(&gradient, &w);
            if dot(&g, &g).sqrt() <= Stop::PEAK.slope * whole {
                break;
            }
            w = normalised(gradient.iter().zip(&w).map(|(g, w)| g + whole * w).collect());
        }
        height
    }
}

/// What of a gradient is along the sphere, and the length of the whole.
fn tangent(gradient: &[f64], w: &[f64]) -> (Vec<f64>, f64) {
    let radial = dot(gradient, w);
    (gradient.iter().zip(w).map(|(g, w)| g - radial * w).collect(), dot(gradient, gradient).sqrt())
}

fn normalised(v: Vec<f64>) -> Vec<f64> {
    let norm = dot(&v, &v).sqrt();
    v.into_iter().map(|x| x / norm).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn plain(bencher: Bencher<'_, '_>, kind: EnergyKind, ascend: impl Fn(&Plain, Vec<f64>) -> f64) {
    let plain = Plain::new(kind);
    let counter = ItemsCount::new(PLAIN_RESTARTS);
    bencher.counter(counter).bench_local(|| (0..PLAIN_RESTARTS).map(|i| ascend(&plain, start(i))).sum::<f64>());
}

#[divan::bench(args = EnergyKind::ALL, sample_count = 5, sample_size = 1)]
fn plain_restarts(bencher: Bencher<'_, '_>, kind: EnergyKind) {
    plain(bencher, kind, Plain::barzilai_borwein);
}

#[divan::bench(args = EnergyKind::ALL, sample_count = 3, sample_size = 1)]
fn plain_power_steps(bencher: Bencher<'_, '_>, kind: EnergyKind) {
    plain(bencher, kind, Plain::shifted_power);
}
