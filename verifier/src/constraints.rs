//! The value that the quotient must have at x: every constraint, combined by powers of y, divided
//! by x^n − 1. Gates first, then the permutation argument, then each lookup.

use crate::{
	domain::DELTA,
	lagrange::Lagrange,
	plan::{
		expression::{self, Values},
		layout::{chunk_len, LOG_DERIVATIVE_EVALUATIONS, PERMUTED_EVALUATIONS},
		limit_usize, LookupArgument, Plan,
	},
	proof::Proof,
	Scalar,
};
use ark_ff::{AdditiveGroup, Field};

/// Combines constraints c₀, c₁, … to ((c₀·y + c₁)·y + …).
struct Combined {
	y: Scalar,
	value: Scalar,
}

impl Combined {
	fn push(&mut self, constraint: Scalar) {
		self.value = self.value * self.y + constraint;
	}
}

/// Lagrange polynomials at x that select rows.
struct Rows {
	/// 1 in the first row.
	first: Scalar,
	/// 1 in the last usable row.
	last: Scalar,
	/// 1 in each usable row but the last.
	active: Scalar,
}

/// The quotient's value at x; `None` only if the plan were inconsistent with itself.
pub(crate) fn quotient(
	plan: &Plan,
	proof: &Proof,
	lagrange: &Lagrange,
	public_inputs: &[Scalar],
) -> Option<Scalar> {
	let layout = plan.layout();
	let parts = plan.parts();
	let instance = lagrange.instance(plan, public_inputs)?;
	let (advice, rest) = proof
		.evaluations
		.split_at_checked(layout.advice_queries())?;
	let fixed = rest.get(..layout.fixed_queries())?;
	let values = Values {
		constants: &parts.constants,
		advice,
		fixed,
		instance: &instance,
		challenges: &proof.challenges.circuit,
	};
	let rows = rows(plan, lagrange)?;
	let outputs = expression::run(&parts.program, &values)?;
	let (gates, lookups) = outputs.split_at_checked(limit_usize(parts.gates))?;

	let mut combined = Combined {
		y: proof.challenges.y,
		value: Scalar::ZERO,
	};
	for gate in gates {
		combined.push(*gate);
	}
	permutation(plan, proof, &values, &rows, &mut combined)?;
	match parts.lookup_argument {
		LookupArgument::Permuted => {
			permuted_lookups(plan, proof, lookups, &rows, &mut combined)?;
		},
		LookupArgument::LogDerivative => {
			log_derivative_lookups(plan, proof, lookups, &rows, &mut combined)?;
		},
	}
	Some(combined.value * lagrange.vanishing_inverse)
}

/// Evaluates the row selectors.
fn rows(plan: &Plan, lagrange: &Lagrange) -> Option<Rows> {
	let last_row = plan.last_row();
	let last = lagrange.at(last_row)?;
	let mut blind = Scalar::ZERO;
	for row in last_row.checked_add(1)?..0 {
		blind += lagrange.at(row)?;
	}
	Some(Rows {
		first: lagrange.at(0)?,
		last,
		active: Scalar::ONE - last - blind,
	})
}

/// The permutation argument: with products z₀ … z_m over chunks of columns p with permutation
/// polynomials s,
/// - l_first · (1 − z₀)
/// - l_last · (z_m² − z_m)
/// - l_first · (z_i − z_{i−1}(ω^last x)) for i ≥ 1
/// - active · (z_i(ωx) · Π(p + β·s + γ) − z_i · Π(p + β·δ^j·x + γ)), j counting all columns
fn permutation(
	plan: &Plan,
	proof: &Proof,
	values: &Values<'_>,
	rows: &Rows,
	combined: &mut Combined,
) -> Option<()> {
	let layout = plan.layout();
	let evaluation = |position: usize| proof.evaluations.get(position).copied();
	let product = |chunk: usize, offset: usize| {
		evaluation(
			layout
				.permutation_product_evaluation(chunk)
				.checked_add(offset)?,
		)
	};
	let chunks = layout.permutation_chunks();
	let Some(last_chunk) = chunks.checked_sub(1) else {
		return Some(());
	};
	combined.push(rows.first * (Scalar::ONE - product(0, 0)?));
	let last = product(last_chunk, 0)?;
	combined.push(rows.last * (last.square() - last));
	for (previous, chunk) in (1..chunks).enumerate() {
		combined.push(rows.first * (product(chunk, 0)? - product(previous, 2)?));
	}

	let challenges = &proof.challenges;
	let (beta, gamma) = (challenges.beta, challenges.gamma);
	let mut identity = beta * challenges.x;
	let mut column = 0usize;
	let per_chunk = chunk_len(plan.parts().degree);
	for (chunk, queries) in plan.permutation_queries().chunks(per_chunk).enumerate() {
		let mut left = product(chunk, 1)?;
		let mut right = product(chunk, 0)?;
		for query in queries {
			let value = values.column(query)? + gamma;
			left *= value + beta * evaluation(layout.permutation_evaluation(column))?;
			right *= value + identity;
			identity *= DELTA;
			column = column.checked_add(1)?;
		}
		combined.push(rows.active * (left - right));
	}
	Some(())
}

/// Compresses a tuple by powers of θ.
fn compress(theta: Scalar, tuple: &[Scalar]) -> Scalar {
	tuple
		.iter()
		.fold(Scalar::ZERO, |sum, value| sum * theta + value)
}

/// Each lookup: with input a and table s compressed by powers of θ, their permutations a′ and s′,
/// and product z,
/// - l_first · (1 − z)
/// - l_last · (z² − z)
/// - active · (z(ωx) · (a′ + β) · (s′ + γ) − z · (a + β) · (s + γ))
/// - l_first · (a′ − s′)
/// - active · (a′ − s′) · (a′ − a′(ω⁻¹x))
fn permuted_lookups(
	plan: &Plan,
	proof: &Proof,
	mut expressions: &[Scalar],
	rows: &Rows,
	combined: &mut Combined,
) -> Option<()> {
	let challenges = &proof.challenges;
	let (theta, beta, gamma) = (challenges.theta, challenges.beta, challenges.gamma);
	for (index, lookup) in plan.parts().lookups.iter().enumerate() {
		let width = usize::from(lookup.width);
		let (inputs, rest) = expressions.split_at_checked(width)?;
		let (table, rest) = rest.split_at_checked(width)?;
		expressions = rest;
		let position = plan.layout().lookup_evaluation(index);
		let evaluations = proof
			.evaluations
			.get(position..)?
			.first_chunk::<PERMUTED_EVALUATIONS>()?;
		let [product, next_product, input, previous_input, permuted_table] = *evaluations;

		combined.push(rows.first * (Scalar::ONE - product));
		combined.push(rows.last * (product.square() - product));
		let left = next_product * (input + beta) * (permuted_table + gamma);
		let right = product * (compress(theta, inputs) + beta) * (compress(theta, table) + gamma);
		combined.push(rows.active * (left - right));
		combined.push(rows.first * (input - permuted_table));
		combined.push(rows.active * (input - permuted_table) * (input - previous_input));
	}
	Some(())
}

/// Each lookup: with inputs f_i and table t compressed by powers of θ and shifted by β, the
/// multiplicities m, and the running sum φ of Σ 1/f_i − m/t,
/// - l_first · φ
/// - l_last · φ
/// - active · ((φ(ωx) − φ) · t · Πf_i − (t · Σ_i Π_{j≠i} f_j − m · Πf_i))
fn log_derivative_lookups(
	plan: &Plan,
	proof: &Proof,
	mut expressions: &[Scalar],
	rows: &Rows,
	combined: &mut Combined,
) -> Option<()> {
	let challenges = &proof.challenges;
	let (theta, beta) = (challenges.theta, challenges.beta);
	for (index, lookup) in plan.parts().lookups.iter().enumerate() {
		let width = usize::from(lookup.width);
		// Πf_i, and Σ_i Π_{j≠i} f_j, by adding one factor after the other.
		let (mut product, mut others) = (Scalar::ONE, Scalar::ZERO);
		for _ in 0..lookup.inputs {
			let (input, rest) = expressions.split_at_checked(width)?;
			expressions = rest;
			let factor = compress(theta, input) + beta;
			others = others * factor + product;
			product *= factor;
		}
		let (table, rest) = expressions.split_at_checked(width)?;
		expressions = rest;
		let table = compress(theta, table) + beta;
		let position = plan.layout().lookup_evaluation(index);
		let evaluations = proof
			.evaluations
			.get(position..)?
			.first_chunk::<LOG_DERIVATIVE_EVALUATIONS>()?;
		let [sum, next_sum, multiplicities] = *evaluations;

		combined.push(rows.first * sum);
		combined.push(rows.last * sum);
		let left = (next_sum - sum) * table * product;
		let right = table * others - multiplicities * product;
		combined.push(rows.active * (left - right));
	}
	Some(())
}
