//! What one head looks at, query by query, and what its attention comes to over all queries of a beginning of a text.

use super::Head;

/// Attention weights of one head over the first tokens of a text: row i holds the weights of query i on the keys 0 to i.
///
/// The first query sees nothing but its own key and chooses nothing, so that no mean below counts it.
#[derive(Clone, Copy, Debug)]
pub struct Pattern<'a> {
    rows: &'a [Vec<f32>],
}

impl Head {
    /// What it looks at, over the first [`super::MAP_TOKENS`] tokens.
    pub fn pattern(&self) -> Pattern<'_> {
        Pattern::of(&self.map)
    }
}

impl<'a> Pattern<'a> {
    /// Of rows of weights; the i-th has i + 1 of them, and there are two rows or more.
    pub fn of(rows: &'a [Vec<f32>]) -> Self {
        assert!(rows.len() > 1, "a query that has a choice of keys is the second or a later one");
        assert!(rows.iter().enumerate().all(|(query, row)| row.len() == query + 1), "attention looks back alone");
        Self { rows }
    }

    /// The rows.
    pub fn rows(&self) -> &'a [Vec<f32>] {
        self.rows
    }

    /// Queries that the means count, each with its weights.
    fn queries(&self) -> impl Iterator<Item = (usize, &'a Vec<f32>)> {
        self.rows.iter().enumerate().skip(1)
    }

    /// Queries that the means count.
    pub fn n_queries(&self) -> usize {
        self.rows.len() - 1
    }

    /// Share of the attention of all queries that each key gets; they sum to 1. An early key is seen by more queries than a late one.
    pub fn received(&self) -> Vec<f64> {
        let mut received = vec![0.0; self.rows.len()];
        for (_, row) in self.queries() {
            received.iter_mut().zip(row).for_each(|(sum, weight)| *sum += f64::from(*weight));
        }
        let n = self.n_queries() as f64;
        received.into_iter().map(|sum| sum / n).collect()
    }

    /// Mean weight on a key of the queries after it; `None` for the last key, after which there is none.
    pub fn from_later(&self, key: usize) -> Option<f64> {
        let later = self.rows.get(key + 1..).filter(|later| !later.is_empty())?;
        Some(later.iter().map(|row| f64::from(row[key])).sum::<f64>() / later.len() as f64)
    }

    /// Mean over queries of how many tokens back they look.
    pub fn distance(&self) -> f64 {
        let of_query = |(query, row): (usize, &Vec<f32>)| {
            row.iter().enumerate().map(|(key, weight)| f64::from(*weight) * (query - key) as f64).sum::<f64>()
        };
        self.queries().map(of_query).sum::<f64>() / self.n_queries() as f64
    }

    /// The same over the attention that does not rest on the first key; `None` where all of it does.
    pub fn distance_past_first(&self) -> Option<f64> {
        let (mut mass, mut distance) = (0.0, 0.0);
        for (query, row) in self.queries() {
            for (key, weight) in row.iter().enumerate().skip(1) {
                mass += f64::from(*weight);
                distance += f64::from(*weight) * (query - key) as f64;
            }
        }
        (mass > 0.0).then(|| distance / mass)
    }

    /// What share the first key would get if every query looked at all its keys alike.
    pub fn even_on_first(&self) -> f64 {
        self.queries().map(|(_, row)| 1.0 / row.len() as f64).sum::<f64>() / self.n_queries() as f64
    }

    /// How many tokens back queries would look then.
    pub fn even_distance(&self) -> f64 {
        self.queries().map(|(query, _)| query as f64 / 2.0).sum::<f64>() / self.n_queries() as f64
    }
}
