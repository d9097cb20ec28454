//! Each rule of a plan, broken alone.

use super::*;
use ark_ec::AffineRepr;

const Q: Query = Query {
	column: 0,
	rotation: 0,
};

const LOOKUP: Lookup = Lookup {
	inputs: 1,
	width: 1,
};

/// A small valid plan: two advice columns in two phases, a challenge, a fixed column, one lookup,
/// a permutation over three columns.
fn parts() -> Parts {
	let point = G1Affine::generator();
	let column = |kind, index| PermutationColumn {
		kind,
		index,
		commitment: point,
	};
	use Instruction::*;
	Parts {
		transcript: TranscriptKind::Blake2b,
		k: 5,
		degree: 4,
		instance_columns: alloc::vec![3],
		accumulator: None,
		transcript_repr: Scalar::from(9u8),
		advice_phases: alloc::vec![1, 0],
		challenge_phases: alloc::vec![0, 1],
		advice_queries: alloc::vec![
			Q,
			Query {
				column: 1,
				rotation: 0
			},
			Query {
				column: 1,
				rotation: -1
			}
		],
		instance_queries: alloc::vec![
			Q,
			Query {
				column: 0,
				rotation: 2
			}
		],
		fixed_queries: alloc::vec![Q],
		fixed_commitments: alloc::vec![point],
		permutation: alloc::vec![
			column(ColumnKind::Advice, 1),
			column(ColumnKind::Fixed, 0),
			column(ColumnKind::Instance, 0),
		],
		constants: alloc::vec![Scalar::from(2u8)],
		gates: 1,
		lookup_argument: LookupArgument::Permuted,
		lookups: alloc::vec![LOOKUP],
		program: alloc::vec![
			Fixed(0),
			Advice(0),
			Multiply,
			Challenge(1),
			Negate,
			Add,
			Output, // gate
			Advice(2),
			Scale(0),
			Output, // input
			Constant(0),
			Instance(1),
			Add,
			Output, // table
		],
	}
}

/// The error of the plan after a change.
fn error(change: impl FnOnce(&mut Parts)) -> PlanError {
	let mut parts = parts();
	change(&mut parts);
	Plan::from_parts(parts).expect_err("the change breaks a rule")
}

fn too_many(what: &'static str, limit: u32) -> PlanError {
	PlanError::TooMany {
		what,
		limit,
		got: limit + 1,
	}
}

fn out_of_range(what: &'static str, min: i64, max: i64, got: i64) -> PlanError {
	PlanError::OutOfRange {
		what,
		min,
		max,
		got,
	}
}

#[test]
fn plan_should_be_accepted_and_survive_encoding() {
	let plan = Plan::from_parts(parts()).unwrap();
	assert_eq!(Plan::decode_canonical(&plan.to_bytes()), Ok(plan.clone()));
	// Points: 2 advice, 2 permuted, 2 permutation products, 1 lookup product, random, 3 parts of
	// the quotient, 2 of the opening. Evaluations: 3 advice, 1 fixed, random, 3 permutation, 3 + 2
	// products, 5 lookup.
	assert_eq!(plan.proof_len(), 64 * 13 + 32 * 18);
	assert_eq!(plan.work().msm_points, 13 + 1 + 3 + 1);
	assert_eq!(plan.work().evaluations, 18);
}

#[test]
fn digest_should_depend_on_every_field() {
	type Change = fn(&mut Parts);
	let changes: [Change; 12] = [
		|p| p.k = 6,
		|p| p.degree = 5,
		|p| p.instance_columns[0] = 4,
		|p| p.instance_columns.push(0),
		|p| p.transcript = TranscriptKind::KeccakEvm,
		|p| p.lookup_argument = LookupArgument::LogDerivative,
		|p| p.transcript_repr = Scalar::from(8u8),
		|p| p.advice_queries.swap(0, 1),
		|p| p.fixed_commitments[0] = G1Affine::identity(),
		|p| p.permutation.swap(0, 1),
		|p| p.constants.push(Scalar::from(3u8)),
		|p| p.program.swap(0, 1),
	];
	let base = *Plan::from_parts(parts()).unwrap().digest();
	for change in changes {
		let mut parts = parts();
		change(&mut parts);
		assert_ne!(*Plan::from_parts(parts).unwrap().digest(), base);
	}
}

#[test]
fn plan_should_be_refused_when_sizes_are_out_of_range() {
	assert_eq!(error(|p| p.k = 0), out_of_range("k", 1, 24, 0));
	assert_eq!(error(|p| p.k = 25), out_of_range("k", 1, 24, 25));
	// Five blinding factors and three more rows.
	assert_eq!(error(|p| p.k = 2), out_of_range("rows", 8, 1 << 24, 4));
	assert_eq!(error(|p| p.degree = 2), out_of_range("degree", 3, 64, 2));
	assert_eq!(error(|p| p.degree = 65), out_of_range("degree", 3, 64, 65));
	// The quotient's parts on so many rows: 2^28 points at most, the field's roots of unity.
	for (k, degree, log) in [(24, 18, 29), (23, 34, 29), (24, 64, 30)] {
		assert_eq!(
			error(|p| (p.k, p.degree) = (k, degree)),
			out_of_range("binary logarithm of the extended domain", 1, 28, log)
		);
	}
	assert_eq!(
		error(|p| p.degree = 3),
		PlanError::DegreeTooLow {
			stated: 3,
			needed: 4
		}
	);
	assert_eq!(
		error(|p| p.instance_columns[0] = 27),
		out_of_range("number of public inputs", 0, 26, 27)
	);
	assert_eq!(
		error(|p| (p.k, p.instance_columns[0]) = (11, 1025)),
		too_many("public inputs", 1024)
	);
}

#[test]
fn plan_should_be_refused_when_counts_are_over_their_limits() {
	assert_eq!(
		error(|p| p.advice_phases = alloc::vec![0; 1025]),
		too_many("advice columns", 1024)
	);
	assert_eq!(
		error(|p| p.challenge_phases = alloc::vec![0; 33]),
		too_many("challenges", 32)
	);
	assert_eq!(
		error(|p| p.instance_queries = alloc::vec![Q; 9]),
		too_many("instance queries", 8)
	);
	assert_eq!(
		error(|p| p.lookups = alloc::vec![LOOKUP; 129]),
		too_many("lookups", 128)
	);
	assert_eq!(
		error(|p| p.gates = 4097),
		too_many("gate constraints", 4096)
	);
	assert_eq!(
		error(|p| {
			p.k = 20;
			p.advice_queries.extend((1..40).map(|rotation| Query {
				column: 0,
				rotation,
			}));
		}),
		// This row, 39 ahead, the previous, the last.
		PlanError::TooMany {
			what: "distinct rotations",
			limit: 32,
			got: 42
		}
	);
	assert!(matches!(
		error(|p| {
			p.advice_phases = alloc::vec![0; 1024];
			p.challenge_phases = alloc::vec![0; 2];
		}),
		PlanError::TooMany {
			what: "proof bytes",
			limit: limits::MAX_PROOF_BYTES,
			..
		}
	));
}

#[test]
fn any_degree_up_to_the_limit_should_be_accepted_where_the_extended_domain_fits() {
	for (k, degree) in [(24, 17), (23, 18), (23, 33), (22, 34), (22, 64), (5, 64)] {
		let mut parts = parts();
		(parts.k, parts.degree) = (k, degree);
		let plan = Plan::from_parts(parts).unwrap();
		assert_eq!(plan.layout().quotient_parts(), usize::from(degree) - 1);
	}
}

#[test]
fn work_should_count_every_part_of_the_quotient() {
	let work = |degree| {
		let mut parts = parts();
		parts.degree = degree;
		// One chunk whatever the degree, so that only the quotient's parts differ.
		parts.permutation.truncate(1);
		Plan::from_parts(parts).unwrap().work()
	};
	let (low, high) = (work(4), work(34));
	assert_eq!(high.msm_points, low.msm_points + 30);
	assert_eq!(high.proof_points, low.proof_points + 30);
	assert_eq!(high.products, low.products + 30);
	assert_eq!(high.evaluations, low.evaluations);
}

/// The plan with one more advice column for each of these sets of rotations.
fn with_sets(sets: impl Iterator<Item = u32>) -> Parts {
	let mut parts = parts();
	parts.k = 20;
	for set in sets {
		let column = u16::try_from(parts.advice_phases.len()).unwrap();
		parts.advice_phases.push(0);
		// Bit i is rotation i + 2: none that other columns have.
		let rotations = (2..).take(16).filter(|r| set >> (r - 2) & 1 == 1);
		parts
			.advice_queries
			.extend(rotations.map(|rotation| Query { column, rotation }));
	}
	parts
}

#[test]
fn plan_should_be_refused_when_it_has_more_rotation_sets_than_the_limit() {
	// This row; it and the last but for the product of the last chunk; and so on.
	let own = Plan::from_parts(parts()).unwrap().openings().sets.len();
	let room = limits::MAX_ROTATION_SETS - u32::try_from(own).unwrap();
	let most = Plan::from_parts(with_sets(1..=room)).unwrap();
	assert_eq!(most.openings().sets.len(), 64);
	// Columns that share a set make no new one.
	let shared = Plan::from_parts(with_sets((1..=room).chain(1..=room))).unwrap();
	assert_eq!(shared.openings().sets.len(), 64);
	assert_eq!(
		Plan::from_parts(with_sets(1..=room + 1)),
		Err(too_many("rotation sets", 64))
	);
	// As many as the queries allow: refused at the first one too many, and so when stored bytes are
	// decoded.
	let hostile = with_sets((1..=200).rev());
	assert_eq!(
		Plan::from_parts(hostile.clone()),
		Err(too_many("rotation sets", 64))
	);
	let bytes = wire::encode(PlanVersion::NEWEST, &hostile);
	assert_eq!(
		Plan::decode_canonical(&bytes),
		Err(too_many("rotation sets", 64))
	);
	assert_eq!(
		Plan::decode_trusted(&bytes),
		Err(too_many("rotation sets", 64))
	);
}

#[test]
fn plan_should_be_refused_when_an_index_points_nowhere() {
	assert_eq!(
		error(|p| p.advice_queries[0].column = 2),
		out_of_range("advice query", 0, 1, 2)
	);
	assert_eq!(
		error(|p| p.fixed_queries[0].column = 1),
		out_of_range("fixed query", 0, 0, 1)
	);
	assert_eq!(
		error(|p| p.fixed_queries[0].rotation = 1025),
		out_of_range("rotation", -1024, 1024, 1025)
	);
	assert_eq!(
		error(|p| p.instance_queries[1].rotation = -1025),
		out_of_range("rotation", -1024, 1024, -1025)
	);
	assert_eq!(
		error(|p| p.permutation[2].index = 1),
		out_of_range("permutation column", 0, 0, 1)
	);
	assert_eq!(
		error(|p| p.program[1] = Instruction::Advice(3)),
		out_of_range("advice query", 0, 2, 3)
	);
	assert_eq!(
		error(|p| p.program[8] = Instruction::Scale(1)),
		out_of_range("constant", 0, 0, 1)
	);
	assert_eq!(
		error(|p| p.program[3] = Instruction::Challenge(2)),
		out_of_range("challenge", 0, 1, 2)
	);
}

#[test]
fn plan_should_be_refused_when_a_phase_cannot_be_reached() {
	assert_eq!(
		error(|p| p.advice_phases[0] = 3),
		out_of_range("advice phase", 0, 2, 3)
	);
	// Never drawn, it would be the prover's choice.
	assert_eq!(
		error(|p| p.challenge_phases[0] = 2),
		out_of_range("challenge phase", 0, 1, 2)
	);
}

#[test]
fn plan_should_be_refused_when_something_occurs_twice() {
	assert_eq!(
		error(|p| p.advice_queries[2] = Q),
		PlanError::Duplicate {
			what: "advice query",
			index: 2
		}
	);
	assert_eq!(
		error(|p| p.instance_queries[1].rotation = 0),
		PlanError::Duplicate {
			what: "instance query",
			index: 1
		}
	);
	assert_eq!(
		error(|p| p.permutation[1] = p.permutation[0]),
		PlanError::Duplicate {
			what: "permutation column",
			index: 1
		}
	);
	// Rotations that are equal modulo the 32 rows: two claims of one value.
	assert_eq!(
		error(|p| p.advice_queries[2].rotation = 32),
		PlanError::Duplicate {
			what: "opening",
			index: 2
		}
	);
}

#[test]
fn plan_should_be_refused_when_a_permutation_column_is_not_queried() {
	// Queried at other rows, but not at the current one.
	assert_eq!(
		error(|p| p.advice_queries[1].rotation = 1),
		PlanError::UnqueriedPermutationColumn { index: 0 }
	);
	assert_eq!(
		error(|p| p.instance_queries[0].rotation = 1),
		PlanError::UnqueriedPermutationColumn { index: 2 }
	);
}

#[test]
fn program_should_be_refused_when_its_stack_is_wrong() {
	use Instruction::*;
	assert_eq!(
		error(|p| p.program[0] = Output),
		PlanError::StackUnderflow { instruction: 0 }
	);
	assert_eq!(
		error(|p| p.program[1] = Negate),
		PlanError::StackUnderflow { instruction: 2 }
	);
	assert_eq!(
		error(|p| p.program[2] = Negate),
		PlanError::UnbalancedOutput { instruction: 6 }
	);
	assert_eq!(
		error(|p| p.program.push(Constant(0))),
		PlanError::UnbalancedOutput { instruction: 15 }
	);
	assert_eq!(
		error(|p| {
			let deep = core::iter::repeat_n(Constant(0), 33);
			p.program.splice(0..0, deep);
		}),
		PlanError::StackOverflow { instruction: 32 }
	);
}

#[test]
fn program_should_be_refused_when_its_outputs_are_not_those_of_gates_and_lookups() {
	assert_eq!(
		error(|p| p.gates = 2),
		PlanError::Outputs {
			expected: 4,
			got: 3
		}
	);
	assert_eq!(
		error(|p| p.lookups = alloc::vec![]),
		PlanError::Outputs {
			expected: 1,
			got: 3
		}
	);
	assert_eq!(
		error(|p| p.lookups[0].width = 0),
		out_of_range("lookup width", 1, 32, 0)
	);
}

#[test]
fn degree_should_count_lookups_and_gates() {
	use Instruction::*;
	// A gate of degree 6.
	assert_eq!(
		error(|p| p.program = [
			&[Fixed(0)][..],
			&[Advice(0), Multiply].repeat(5),
			&[Output],
			&parts().program[7..],
		]
		.concat()),
		PlanError::DegreeTooLow {
			stated: 4,
			needed: 6
		}
	);
	// A lookup input of degree 2: 2 + 2 + 1.
	assert_eq!(
		error(|p| {
			p.program.splice(8..9, [Advice(1), Multiply]);
		}),
		PlanError::DegreeTooLow {
			stated: 4,
			needed: 5
		}
	);
}

#[test]
fn program_should_compute_its_expressions() {
	use Instruction::*;
	let scalars =
		|values: &[u64]| -> Vec<Scalar> { values.iter().map(|v| Scalar::from(*v)).collect() };
	let values = expression::Values {
		constants: &scalars(&[10]),
		advice: &scalars(&[2, 3]),
		fixed: &scalars(&[5]),
		instance: &scalars(&[7]),
		challenges: &scalars(&[11]),
	};
	let program = [
		Advice(0),
		Advice(1),
		Add,
		Fixed(0),
		Multiply,
		Output, // (2 + 3) · 5
		Instance(0),
		Scale(0),
		Challenge(0),
		Negate,
		Add,
		Output, // 70 − 11
		Constant(0),
		Output,
	];
	assert_eq!(
		expression::run(&program, &values),
		Some(scalars(&[25, 59, 10]))
	);
	assert_eq!(expression::run(&[Add], &values), None);
	assert_eq!(expression::run(&[Advice(2)], &values), None);
}

#[test]
fn openings_should_group_commitments_by_points() {
	let plan = Plan::from_parts(parts()).unwrap();
	let openings = plan.openings();
	// This row, the next, the last (−6), the previous.
	assert_eq!(openings.points, [0, 1, 26, 31]);
	let points: Vec<_> = openings.sets.iter().map(|set| set.points.clone()).collect();
	assert_eq!(
		points,
		[
			alloc::vec![0],       // advice 0, table, fixed, permutation, quotient, random
			alloc::vec![0, 3],    // advice 1, permuted input
			alloc::vec![0, 1, 2], // permutation product 0
			alloc::vec![0, 1],    // permutation product 1, lookup product
		]
	);
	let members: Vec<_> = openings.sets.iter().map(|set| set.members.len()).collect();
	assert_eq!(members, [8, 2, 1, 2]);
}

#[test]
fn program_should_keep_values_for_later() {
	use Instruction::*;
	let scalars =
		|values: &[u64]| -> Vec<Scalar> { values.iter().map(|v| Scalar::from(*v)).collect() };
	let values = expression::Values {
		constants: &[],
		advice: &scalars(&[2, 3]),
		fixed: &[],
		instance: &[],
		challenges: &[],
	};
	let program = [
		Advice(0),
		Advice(1),
		Add,
		Keep, // 5
		Local(0),
		Multiply,
		Keep, // 25
		Output,
		Local(1),
		Local(0),
		Multiply,
		Output, // of an earlier output's values
	];
	assert_eq!(
		expression::run(&program, &values),
		Some(scalars(&[25, 125]))
	);
	assert_eq!(expression::run(&[Local(0)], &values), None);
	// Kept before it is read.
	assert_eq!(
		error(|p| p.program[1] = Local(0)),
		out_of_range("local", 0, -1, 0)
	);
	assert_eq!(
		error(|p| p.program[0] = Keep),
		PlanError::StackUnderflow { instruction: 0 }
	);
	assert_eq!(
		error(|p| {
			let keeps = core::iter::repeat_n(Keep, limits::MAX_LOCALS + 1);
			p.program.splice(1..1, keeps);
		}),
		PlanError::TooManyLocals {
			instruction: limits::MAX_LOCALS + 1
		}
	);
	// The degree of what is kept counts: (fixed · advice)².
	assert_eq!(
		error(|p| {
			p.program.splice(3..3, [Keep, Local(0), Multiply]);
			p.degree = 3;
			p.lookups.clear();
			p.program.truncate(10);
		}),
		PlanError::DegreeTooLow {
			stated: 3,
			needed: 4
		}
	);
}

#[test]
fn lookups_by_logarithmic_derivatives_should_have_several_inputs() {
	use Instruction::*;
	let two_inputs = |p: &mut Parts| {
		p.lookup_argument = LookupArgument::LogDerivative;
		p.lookups[0].inputs = 2;
		p.degree = 5;
		p.program.extend([Advice(1), Output]);
	};
	let mut good = parts();
	two_inputs(&mut good);
	let plan = Plan::from_parts(good).unwrap();
	assert_eq!(Plan::decode_canonical(&plan.to_bytes()), Ok(plan.clone()));
	// One point and three evaluations per lookup where the permuted argument has two and five; one
	// permutation product less and one part of the quotient more, as the degree is 5.
	assert_eq!(plan.proof_len(), 64 * 12 + 32 * (18 - 2 - 3));
	assert_eq!(
		error(|p| {
			two_inputs(p);
			p.degree = 4;
		}),
		PlanError::DegreeTooLow {
			stated: 4,
			needed: 5
		}
	);
	assert_eq!(
		error(|p| p.lookups[0].inputs = 2),
		out_of_range("lookup inputs", 1, 1, 2)
	);
	assert_eq!(
		error(|p| {
			two_inputs(p);
			p.lookups[0].inputs = 129;
		}),
		out_of_range("lookup inputs", 1, 128, 129)
	);
}

#[test]
fn accumulator_should_lie_within_the_public_inputs() {
	let accumulator = |offset, limbs, bits| {
		move |p: &mut Parts| {
			p.instance_columns = alloc::vec![10, 8];
			p.accumulator = Some(AccumulatorLayout {
				offset,
				limbs,
				bits,
			});
		}
	};
	let mut good = parts();
	accumulator(2, 4, 68)(&mut good);
	let plan = Plan::from_parts(good).unwrap();
	assert_eq!(Plan::decode_canonical(&plan.to_bytes()), Ok(plan));
	assert_eq!(
		error(accumulator(3, 4, 68)),
		out_of_range("end of the accumulator", 0, 18, 19)
	);
	assert_eq!(
		error(accumulator(u32::MAX, 4, 68)),
		out_of_range("end of the accumulator", 0, 18, 4_294_967_311)
	);
	assert_eq!(
		error(accumulator(0, 4, 63)),
		out_of_range("bits of an accumulator's coordinate", 254, 320, 252)
	);
	assert_eq!(
		error(accumulator(0, 9, 30)),
		out_of_range("limbs of an accumulator's coordinate", 1, 8, 9)
	);
	assert_eq!(
		error(accumulator(0, 2, 129)),
		out_of_range("bits of an accumulator's limb", 1, 128, 129)
	);
}
