//! The way back from tables to parameters: the parent module's products transposed.

use super::super::sums::{add_scaled, dot};
use super::{TableForm, columns, rows};
use crate::kernel::{Shape, Workers, product};
use crate::model::fused::{AttentionTables, SLAB};
use crate::spec::Numerics;

/// What one head gets back from the tables.
struct HeadGradient {
    /// `dA_h`, `[inputs][d/H]`.
    values: Vec<f32>,
    /// `dD_h`, `[d/H][columns]`.
    merged: Vec<f32>,
}

impl TableForm {
    /// The parameters' gradient from the tables', for the parameters that were tabulated last.
    pub(crate) fn pull_back(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        tables: &AttentionTables,
        workers: &Workers,
        gradient: &mut [f32],
    ) {
        gradient.fill(0.0);
        let d = self.dimension;
        // Of B, Y, u and e.
        let mut above = vec![0.0; d * self.shape.n_columns()];
        let mut relative = vec![0.0; self.shape.n_inputs * d];
        let mut equals = vec![0.0; d];
        self.pull_tables(numerics, parameters, tables, workers, (&mut above, &mut relative), gradient);
        self.pull_constants(parameters, tables, (&mut above, &mut equals), gradient);
        self.pull_readout(numerics, parameters, tables, gradient);
        self.pull_scores(numerics, parameters, &tables.scores_gradient, (&mut relative, &mut equals), gradient);
        let Self { shape, spans, .. } = self;
        for (i, row) in above.chunks_exact(shape.n_columns()).enumerate() {
            add(&mut gradient[spans.mlp_in.clone()][i * shape.n_units..][..shape.n_units], row);
            let labels = &row[shape.n_unit_slabs() * SLAB..];
            add(&mut gradient[spans.top.clone()][i * shape.n_labels..][..shape.n_labels], labels);
        }
        self.pull_embedding(&relative, &mut equals, gradient);
    }

    /// From dT and dU to `W_V`, `W_O`, B and Y.
    fn pull_tables(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        tables: &AttentionTables,
        workers: &Workers,
        (above, relative): (&mut [f32], &mut [f32]),
        gradient: &mut [f32],
    ) {
        let Self { shape, dimension: d, spans, kept, .. } = self;
        let (d, width, n_columns) = (*d, self.head_width(), shape.n_columns());
        let mut heads: Vec<HeadGradient> = (0..shape.n_heads)
            .map(|_| HeadGradient { values: vec![0.0; shape.n_inputs * width], merged: vec![0.0; width * n_columns] })
            .collect();
        workers.each(&mut heads, |head, HeadGradient { values, merged }| {
            for (slab, first) in tables.slabs.iter().zip((0..).step_by(SLAB)) {
                let table = rows(&slab.table_gradient[head * SLAB..], shape.row_len());
                let part = Shape { rows: shape.n_inputs, depth: SLAB, columns: width };
                let across = columns(&kept.merged[head * width * n_columns + first..], n_columns);
                product(numerics, part, table, across, (values, width), true);
                let part = Shape { rows: width, depth: shape.n_inputs, columns: SLAB };
                let down = columns(&kept.values[head * width..], d);
                product(numerics, part, down, table, (&mut merged[first..], n_columns), false);
            }
        });
        let (value, output) = (&parameters[spans.value.clone()], &parameters[spans.output.clone()]);
        for (head, HeadGradient { values, merged }) in heads.iter().enumerate() {
            let part = Shape { rows: d, depth: shape.n_inputs, columns: width };
            let dw = &mut gradient[spans.value.clone()][head * width..];
            product(numerics, part, columns(&kept.relative, d), rows(values, width), (dw, d), true);
            let part = Shape { rows: shape.n_inputs, depth: width, columns: d };
            let value = columns(&value[head * width..], d);
            product(numerics, part, rows(values, width), value, (relative, d), true);

            let part = Shape { rows: width, depth: n_columns, columns: d };
            let dw = &mut gradient[spans.output.clone()][head * width * d..];
            product(numerics, part, rows(merged, n_columns), columns(&kept.above, n_columns), (dw, d), true);
            let part = Shape { rows: d, depth: width, columns: n_columns };
            let output = columns(&output[head * width * d..], d);
            product(numerics, part, output, rows(merged, n_columns), (above, n_columns), true);
        }
    }

    /// From dc and dc′ to the biases, `W_V`, `W_O`, B and e.
    fn pull_constants(
        &self,
        parameters: &[f32],
        tables: &AttentionTables,
        (above, equals): (&mut [f32], &mut [f32]),
        gradient: &mut [f32],
    ) {
        let Self { shape, dimension: d, spans, kept, .. } = self;
        let constants: Vec<f32> = tables.slabs.iter().flat_map(|slab| slab.constant_gradient.iter().copied()).collect();
        let (units, labels) = constants.split_at(shape.n_unit_slabs() * SLAB);
        add(&mut gradient[spans.mlp_in_bias.clone()], units);
        let n_columns = shape.n_columns();
        let out_bias = &parameters[spans.mlp_out_bias.clone()];
        let mut stream = vec![0.0; *d];
        for (i, row) in above.chunks_exact_mut(n_columns).enumerate() {
            let above = &kept.above[i * n_columns..][..n_columns];
            stream[i] = dot(above, &constants);
            gradient[spans.mlp_out_bias.start + i] += dot(&above[n_columns - labels.len()..], labels);
            add_scaled(row, kept.stream[i], &constants);
            add_scaled(&mut row[n_columns - labels.len()..], out_bias[i], labels);
        }
        let (value, output) = (&parameters[spans.value.clone()], &parameters[spans.output.clone()]);
        let through: Vec<f32> = output.chunks_exact(*d).map(|row| dot(row, &stream)).collect();
        for (i, (value, output)) in
            value.chunks_exact(*d).zip(gradient[spans.output.clone()].chunks_exact_mut(*d)).enumerate()
        {
            add_scaled(output, kept.equals_value[i], &stream);
            equals[i] += stream[i] + dot(value, &through);
        }
        for (e, value) in kept.equals.iter().zip(gradient[spans.value.clone()].chunks_exact_mut(*d)) {
            add_scaled(value, *e, &through);
        }
    }

    /// From dR to `W_out` and V.
    fn pull_readout(&self, numerics: Numerics, parameters: &[f32], tables: &AttentionTables, gradient: &mut [f32]) {
        let Self { shape, dimension: d, spans, .. } = self;
        let (mlp_out, top) = (&parameters[spans.mlp_out.clone()], &parameters[spans.top.clone()]);
        for (slab, first) in tables.slabs[..shape.n_unit_slabs()].iter().zip((0..).step_by(SLAB)) {
            let n_units = (shape.n_units - first).min(SLAB);
            let readout = columns(&slab.readout_gradient, SLAB);
            let part = Shape { rows: n_units, depth: shape.n_labels, columns: *d };
            let dw = &mut gradient[spans.mlp_out.clone()][first * d..];
            product(numerics, part, readout, columns(top, shape.n_labels), (dw, *d), true);
            let part = Shape { rows: *d, depth: n_units, columns: shape.n_labels };
            let dw = &mut gradient[spans.top.clone()];
            product(numerics, part, columns(&mlp_out[first * d..], *d), readout, (dw, shape.n_labels), true);
        }
    }

    /// From dS to `W_Q`, `W_K`, Y and e.
    fn pull_scores(
        &self,
        numerics: Numerics,
        parameters: &[f32],
        scores: &[f32],
        (relative, equals): (&mut [f32], &mut [f32]),
        gradient: &mut [f32],
    ) {
        let Self { shape, dimension: d, spans, kept, .. } = self;
        let (d, width, scale) = (*d, self.head_width(), self.scale());
        let part = Shape { rows: shape.n_inputs, depth: shape.n_heads, columns: d };
        product(numerics, part, rows(scores, shape.n_heads), rows(&kept.keys, d), (relative, d), true);
        let mut keys = vec![0.0; shape.n_heads * d];
        let part = Shape { rows: shape.n_heads, depth: shape.n_inputs, columns: d };
        product(numerics, part, columns(scores, shape.n_heads), rows(&kept.relative, d), (&mut keys, d), false);
        let mut query = vec![0.0; d];
        let (key, key_gradient) = (&parameters[spans.key.clone()], &mut gradient[spans.key.clone()]);
        for (i, (key, key_gradient)) in key.chunks_exact(d).zip(key_gradient.chunks_exact_mut(d)).enumerate() {
            for head in 0..shape.n_heads {
                let (part, factor) = (head * width..(head + 1) * width, scale * keys[head * d + i]);
                add_scaled(&mut key_gradient[part.clone()], factor, &kept.query[part.clone()]);
                add_scaled(&mut query[part.clone()], factor, &key[part]);
            }
        }
        for (i, row) in parameters[spans.query.clone()].chunks_exact(d).enumerate() {
            equals[i] += dot(row, &query);
            add_scaled(&mut gradient[spans.query.clone()][i * d..][..d], kept.equals[i], &query);
        }
    }

    /// From Y and e to embedding and positions; Y is relative to e.
    fn pull_embedding(&self, relative: &[f32], equals: &mut [f32], gradient: &mut [f32]) {
        let Self { dimension: d, operands, tokens, spans, .. } = self;
        let mut rows = relative.chunks_exact(*d);
        for (position, (operand, offset)) in operands.iter().zip(&tokens.offsets).enumerate() {
            for (token, row) in rows.by_ref().take(operand.len()).enumerate() {
                add(&mut gradient[spans.embedding.clone()][(offset + token) * d..][..*d], row);
                add(&mut gradient[spans.position.clone()][position * d..][..*d], row);
                add_scaled(equals, -1.0, row);
            }
        }
        add(&mut gradient[spans.embedding.clone()][tokens.equals * d..][..*d], equals);
        add(&mut gradient[spans.position.clone()][operands.len() * d..][..*d], equals);
    }
}

fn add(sums: &mut [f32], terms: &[f32]) {
    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
}
