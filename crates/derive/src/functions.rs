//! Every function of the language, in the order of the guide: the table that the reader, the evaluator and the guide share.

use crate::entrywise::Entrywise;

/// A function of the language.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// What it is called.
    pub name: &'static str,
    /// How it is written, with its arguments.
    pub form: &'static str,
    /// What it gives.
    pub meaning: &'static str,
    pub(crate) what: What,
}

/// How a function treats the shapes of its arguments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    Entrywise(Entrywise),
    /// An entrywise function that is put together from others.
    Composed,
    /// A matrix of the same shape.
    Same,
    /// A number from any matrix.
    Number,
    /// A number from a square matrix.
    SquareNumber,
    /// Its own rule.
    Own,
}

const fn row(name: &'static str, form: &'static str, what: What, meaning: &'static str) -> Function {
    Function { name, form, meaning, what }
}

/// Every function.
pub const FUNCTIONS: &[Function] = &[
    row("I", "I(n)", What::Own, "identity matrix"),
    row("ones", "ones(n), ones(n, m)", What::Own, "a column, or a matrix, of ones"),
    row("zeros", "zeros(n), zeros(n, m)", What::Own, "a column, or a matrix, of zeros"),
    row("onehot", "onehot(i, n)", What::Own, "the i-th unit vector of n entries"),
    row("delta", "delta(i, j)", What::Own, "1 if the two numbers or elements are equal, else 0"),
    row("inv", "inv(A)", What::Own, "inverse of a square matrix"),
    row("trace", "trace(A)", What::SquareNumber, "sum of the diagonal"),
    row("det", "det(A)", What::SquareNumber, "determinant"),
    row("norm", "norm(A)", What::Number, "Frobenius norm, sqrt(sum |a|^2)"),
    row("sumsq", "sumsq(A)", What::Number, "squared Frobenius norm"),
    row("inner", "inner(A, B)", What::Own, "trace(A'*B), its real part if complex"),
    row("diag", "diag(v), diag(A)", What::Own, "a matrix with v on its diagonal; the diagonal of a square matrix"),
    row("kron", "kron(A, B)", What::Own, "Kronecker product"),
    row("vec", "vec(A)", What::Own, "the columns of A below each other"),
    row("center", "center(A)", What::Same, "A minus the mean of each column: (I - ones*ones'/n)*A"),
    row("softmax", "softmax(A)", What::Same, "softmax of each row"),
    row("polar", "polar(A)", What::Same, "U*V' of the singular value decomposition, Muon's direction"),
    row("conj", "conj(A)", What::Same, "complex conjugate"),
    row("re", "re(A)", What::Same, "real part"),
    row("im", "im(A)", What::Same, "imaginary part"),
    row("abs2", "abs2(A)", What::Same, "|a|^2 of every entry"),
    row("sum", "sum(A)", What::Number, "sum of all entries"),
    row("mean", "mean(A)", What::Number, "mean of all entries"),
    row("max", "max(A)", What::Number, "largest entry"),
    row("min", "min(A)", What::Number, "smallest entry"),
    row("rowsums", "rowsums(A)", What::Own, "sum of each row, a column"),
    row("colsums", "colsums(A)", What::Own, "sum of each column, a row"),
    row("maxeig", "maxeig(A)", What::SquareNumber, "largest eigenvalue of a symmetric matrix"),
    row("mineig", "mineig(A)", What::SquareNumber, "smallest eigenvalue of a symmetric matrix"),
    row("maxsv", "maxsv(A)", What::Number, "largest singular value, the operator norm"),
    row("minsv", "minsv(A)", What::Number, "smallest singular value, of min(n, m)"),
    row("nuclear", "nuclear(A)", What::Number, "sum of the singular values"),
    row("rank", "rank(A)", What::Number, "number of singular values above 1e-6 of the largest"),
    row("nullity", "nullity(A)", What::SquareNumber, "rows minus rank"),
    row("exp", "exp(A)", What::Entrywise(Entrywise::Exp), "exponential of every entry"),
    row("ln", "ln(A)", What::Entrywise(Entrywise::Ln), "natural logarithm of every entry"),
    row("sqrt", "sqrt(A)", What::Entrywise(Entrywise::Power(0.5)), "square root of every entry"),
    row("square", "square(A)", What::Entrywise(Entrywise::Power(2.0)), "square of every entry"),
    row("tanh", "tanh(A)", What::Entrywise(Entrywise::Tanh), "hyperbolic tangent"),
    row("sigmoid", "sigmoid(A)", What::Entrywise(Entrywise::Sigmoid), "1/(1 + exp(-a))"),
    row("relu", "relu(A)", What::Entrywise(Entrywise::Relu), "max(a, 0)"),
    row("step", "step(A)", What::Entrywise(Entrywise::Step), "1 if a > 0, else 0"),
    row("abs", "abs(A)", What::Entrywise(Entrywise::Abs), "|a| of real entries"),
    row("sign", "sign(A)", What::Entrywise(Entrywise::Sign), "-1, 0 or 1"),
    row("sin", "sin(A)", What::Entrywise(Entrywise::Sin), "sine"),
    row("cos", "cos(A)", What::Entrywise(Entrywise::Cos), "cosine"),
    row("silu", "silu(A)", What::Composed, "a sigmoid(a)"),
    row("gelu", "gelu(A)", What::Composed, "a Phi(a), with the normal distribution Phi"),
    row("softplus", "softplus(A)", What::Composed, "ln(1 + exp(a))"),
    row("grad", "grad(E, w)", What::Own, "gradient of the number E by the name w, exact"),
    row("hess", "hess(E, w)", What::Own, "matrix of second derivatives by the entries of the column w, exact"),
    row("dir", "dir(E, w, V)", What::Own, "derivative of E as w moves along V, exact; E may be a matrix"),
    row("order", "order(G)", What::Own, "number of elements of a group"),
    row("op", "op(g, h)", What::Own, "product of two elements"),
    row("ginv", "ginv(g)", What::Own, "inverse of an element"),
    row("pairs", "pairs(G)", What::Own, "M^2 x 2M: row (g, h) is [onehot(g), onehot(h)]"),
    row("products", "products(G)", What::Own, "M^2 x M: row (g, h) is onehot(g h)"),
    row("conv", "conv(G, u, v)", What::Own, "convolution: entry h is sum over g of u(g) v(g^-1 h)"),
    row("flip", "flip(G)", What::Own, "permutation matrix P with (P u)(g) = u(g^-1)"),
    row("left", "left(G, g)", What::Own, "regular representation: permutation matrix of h -> g h"),
    row("right", "right(G, g)", What::Own, "permutation matrix of h -> h g^-1"),
    row("dim", "dim(k)", What::Own, "dimension of an irreducible representation"),
    row("rho", "rho(k, g)", What::Own, "its unitary matrix at an element"),
    row("chi", "chi(k, g)", What::Own, "its character, trace(rho(k, g))"),
    row("indicator", "indicator(k)", What::Own, "Frobenius and Schur's: 1 real, 0 complex, -1 quaternionic"),
    row("fourier", "fourier(k, u)", What::Own, "sum over g of u(g) rho(k, g)"),
    row("projector", "projector(k)", What::Own, "real projector on all copies of k and of its conjugate"),
    row("projector_one", "projector_one(k)", What::Own, "complex projector on all copies of k alone"),
];

/// The function of a name.
pub(crate) fn function(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// Functions that have no gradient here: what they give is treated as fixed.
pub(crate) const WITHOUT_GRADIENT: [&str; 3] = ["polar", "rank", "nullity"];
/// Functions with a first derivative only.
pub(crate) const WITHOUT_CURVATURE: [&str; 5] = ["maxeig", "mineig", "maxsv", "minsv", "nuclear"];
