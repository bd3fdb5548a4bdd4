//! How an array of theirs lies compared with ours, and taking its numbers over.

use dunwu::origin::Form;

/// Along which of our extents the heads of an attention map lie, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadAxis {
    /// Of queries, keys and values: each head has its own columns.
    Columns(usize),
    /// Of the output map: each head has its own rows.
    Rows(usize),
}

/// The forms in which an array of the extents `theirs` can be one of the extents `ours`; `heads` where it is a map of attention.
pub(super) fn forms_that_fit(theirs: &[usize], ours: &[usize], heads: Option<HeadAxis>) -> Vec<Form> {
    let theirs = squeezed(theirs, ours.len());
    match (&theirs[..], ours) {
        (theirs, ours) if theirs.len() == ours.len() => {
            let turned: Vec<usize> = theirs.iter().rev().copied().collect();
            let straight = (theirs == ours).then_some(Form::Straight);
            let transposed = (ours.len() == 2 && turned == ours).then_some(Form::Transposed);
            straight.into_iter().chain(transposed).collect()
        }
        (&[n, a, b], &[rows, columns]) => {
            let forms = match heads {
                Some(HeadAxis::Columns(heads)) if heads == n => {
                    [([rows, columns / n], Form::HeadColumns), ([columns / n, rows], Form::HeadColumnsTransposed)]
                }
                Some(HeadAxis::Rows(heads)) if heads == n => {
                    [([rows / n, columns], Form::HeadRows), ([columns, rows / n], Form::HeadRowsTransposed)]
                }
                _ => return Vec::new(),
            };
            forms.into_iter().filter(|(extents, _)| *extents == [a, b]).map(|(_, form)| form).collect()
        }
        _ => Vec::new(),
    }
}

/// Their numbers as ours, `[rows][columns]`; `theirs` fits ([`forms_that_fit`]).
pub(super) fn as_ours(form: Form, theirs: &[f32], shape: &[usize], ours: &[usize]) -> Vec<f32> {
    let &[rows, columns] = ours else { return theirs.to_vec() };
    let heads = if squeezed(shape, 2).len() == 3 { shape[0] } else { 1 };
    let at: Box<dyn Fn(usize, usize) -> usize> = match form {
        Form::Straight => return theirs.to_vec(),
        Form::Transposed => Box::new(move |i, j| j * rows + i),
        Form::HeadColumns => {
            let width = columns / heads;
            Box::new(move |i, j| ((j / width) * rows + i) * width + j % width)
        }
        // [heads · width, rows] is a transposed matrix whose rows are in our order.
        Form::HeadColumnsTransposed => Box::new(move |i, j| j * rows + i),
        // [heads · width, columns] is ours as it lies.
        Form::HeadRows => return theirs.to_vec(),
        Form::HeadRowsTransposed => {
            let width = rows / heads;
            Box::new(move |i, j| ((i / width) * columns + j) * width + i % width)
        }
    };
    (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).map(|(i, j)| theirs[at(i, j)]).collect()
}

/// Extents without those of 1, as far as there are more than `n`.
fn squeezed(shape: &[usize], n: usize) -> Vec<usize> {
    let mut surplus = shape.len().saturating_sub(n);
    let mut left = Vec::with_capacity(shape.len());
    for &extent in shape {
        if extent == 1 && surplus > 0 {
            surplus -= 1;
        } else {
            left.push(extent);
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every form against the product that it stands for: x W of ours is what their definition computes from x.
    #[test]
    fn every_form_computes_what_its_definition_does() {
        let (heads, inputs, outputs) = (2, 6, 4);
        let numbers: Vec<f32> = (0..inputs * outputs).map(|i| (i * i % 23) as f32 - 7.0).collect();
        let x: Vec<f32> = (0..inputs).map(|i| i as f32 - 2.0).collect();
        let theirs = |form: Form, j: usize| -> f32 {
            let (wide, narrow) = (outputs / heads, inputs / heads);
            let w = |i: usize| match form {
                Form::Straight => numbers[i * outputs + j],
                Form::Transposed => numbers[j * inputs + i],
                // einsum("h i w, i -> h w")
                Form::HeadColumns => numbers[(j / wide * inputs + i) * wide + j % wide],
                Form::HeadColumnsTransposed => numbers[(j / wide * wide + j % wide) * inputs + i],
                // einsum("h w o, h w -> o")
                Form::HeadRows => numbers[(i / narrow * narrow + i % narrow) * outputs + j],
                Form::HeadRowsTransposed => numbers[(i / narrow * outputs + j) * narrow + i % narrow],
            };
            (0..inputs).map(|i| x[i] * w(i)).sum()
        };
        let (columns, rows) = (Some(HeadAxis::Columns(heads)), Some(HeadAxis::Rows(heads)));
        for (form, shape, axis) in [
            (Form::Straight, vec![6, 4], None),
            (Form::Transposed, vec![4, 6], None),
            (Form::HeadColumns, vec![2, 6, 2], columns),
            (Form::HeadColumnsTransposed, vec![2, 2, 6], columns),
            (Form::HeadRows, vec![2, 3, 4], rows),
            (Form::HeadRowsTransposed, vec![2, 4, 3], rows),
        ] {
            assert_eq!(forms_that_fit(&shape, &[inputs, outputs], axis), [form], "{shape:?}");
            let ours = as_ours(form, &numbers, &shape, &[inputs, outputs]);
            for j in 0..outputs {
                let product: f32 = (0..inputs).map(|i| x[i] * ours[i * outputs + j]).sum();
                assert_eq!(product, theirs(form, j), "{form:?}, output {j}");
            }
        }
    }

    #[test]
    fn what_is_square_fits_both_ways_and_what_has_other_heads_in_none() {
        assert_eq!(forms_that_fit(&[5, 5], &[5, 5], None), [Form::Straight, Form::Transposed]);
        assert_eq!(forms_that_fit(&[1, 3, 8], &[3, 8], None), [Form::Straight]);
        assert_eq!(forms_that_fit(&[7], &[7], None), [Form::Straight]);
        assert!(forms_that_fit(&[4, 8, 2], &[8, 8], Some(HeadAxis::Columns(2))).is_empty());
        assert!(forms_that_fit(&[2, 8, 4], &[8, 8], None).is_empty());
        assert!(forms_that_fit(&[7, 3], &[7], None).is_empty());
    }
}
