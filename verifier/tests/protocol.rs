//! Plans from the protocols that snark-verifier 0.2.3 made of the test circuits' keys
//! (`tests/protocols` has them and the program that wrote them).

use crate::common;
use crate::common::{instances::two_columns, Fixture, Phases};
use halo2_proofs::plonk::keygen_pk;
use halo2curves::bn256::Fr;
use inference_verifier::{
	halo2::{
		from_halo2, plan_from_protocol,
		protocol::{Expression, InstanceCommittingKey, PlonkProtocol, Query, Rotation},
		FrontEndError,
	},
	plan::AccumulatorLayout,
	verify, Plan, VerifyError,
};
use serde_json::Value;
use std::{fs, path::PathBuf};

/// What snark-verifier wrote for a circuit.
fn written(name: &str) -> Value {
	let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/protocols");
	let file = folder.join(format!("{}.json", name.replace(' ', "-")));
	serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

fn protocol(name: &str) -> PlonkProtocol {
	serde_json::from_value(written(name)).unwrap()
}

fn plan(protocol: &PlonkProtocol) -> Result<Plan, FrontEndError> {
	plan_from_protocol(protocol, None)
}

/// The constraints.
fn constraints(protocol: &mut PlonkProtocol) -> &mut Vec<Expression> {
	match &mut protocol.quotient.numerator {
		Expression::DistributePowers(constraints, _) => constraints,
		_ => panic!("a protocol's numerator is a sum of powers"),
	}
}

fn same_as_from_key(fixture: &Fixture) {
	let from_protocol = plan_from_protocol(&protocol(fixture.name), fixture.plan.accumulator());
	assert_eq!(from_protocol, Ok(fixture.plan.clone()), "{}", fixture.name);
}

mod success {
	use super::*;

	#[test]
	fn plan_should_be_the_keys_when_it_is_made_from_its_protocol() {
		// Lookups of one and two columns, several chunks, rotations of instance columns.
		for fixture in common::all() {
			if fixture.name == "phases" {
				continue;
			}
			same_as_from_key(&fixture);
			let verdict = verify(
				&plan(&protocol(fixture.name)).unwrap(),
				&fixture.setup,
				&fixture.public_inputs,
				&fixture.proof,
			);
			assert_eq!(verdict, Ok(()));
		}
	}

	#[test]
	fn plan_should_be_the_keys_when_there_are_two_instance_columns() {
		same_as_from_key(&two_columns());
	}

	#[test]
	fn plan_should_be_the_keys_when_there_is_an_accumulator() {
		same_as_from_key(&common::accumulating());
	}

	#[test]
	fn plan_should_verify_halo2s_proofs_when_columns_are_renumbered_by_phase() {
		// A column of the second phase comes before one of the first.
		let fixture = common::phases();
		let plan = plan(&protocol("phases")).unwrap();
		assert_ne!(plan, fixture.plan);
		let sizes = |plan: &Plan| (plan.shape(), plan.work(), plan.proof_len());
		assert_eq!(sizes(&plan), sizes(&fixture.plan));
		let values = [(1, 2), (3, 4), (5, 6)].map(|(a, b)| (Fr::from(a), Fr::from(b)));
		let circuit = Phases(values.to_vec());
		let pk = keygen_pk(&fixture.params, fixture.vk.clone(), &circuit).unwrap();
		let proof = common::prove(&fixture.params, &pk, &plan, circuit, &fixture.instance);
		let check = |plan: &Plan, inputs: &[_]| verify(plan, &fixture.setup, inputs, &proof);
		assert_eq!(check(&plan, &fixture.public_inputs), Ok(()));
		// Bound to this plan, and to its public inputs.
		assert_eq!(
			check(&fixture.plan, &fixture.public_inputs),
			Err(VerifyError::Invalid)
		);
		let mut inputs = fixture.public_inputs.clone();
		inputs[0] = from_halo2(Fr::from(77));
		assert_eq!(check(&plan, &inputs), Err(VerifyError::Invalid));
	}
}

mod failure {
	use super::*;

	fn fault(what: &'static str) -> Result<Plan, FrontEndError> {
		Err(FrontEndError::Protocol { what })
	}

	fn differs(what: &'static str, index: usize) -> Result<Plan, FrontEndError> {
		Err(FrontEndError::ProtocolDiffers { what, index })
	}

	/// Other values in place of one.
	fn changes(here: &Value) -> Vec<Value> {
		match here {
			Value::Number(number) => vec![(number.as_i64().unwrap() + 1).into()],
			// A field element or a point.
			Value::String(hex) => {
				let last = if hex.ends_with('1') { "2" } else { "1" };
				let mut hex = hex.clone();
				hex.replace_range(hex.len() - 1.., last);
				vec![hex.into()]
			},
			Value::Array(items) if !items.is_empty() => {
				let (mut shorter, mut longer) = (items.clone(), items.clone());
				shorter.pop();
				longer.push(items[0].clone());
				vec![shorter.into(), longer.into()]
			},
			_ => Vec::new(),
		}
	}

	/// Changes each value in a tree in turn, and calls `check` with the whole.
	fn each_change(path: &str, root: &Value, check: &mut impl FnMut(&str, Value)) {
		let here = root.pointer(path).unwrap();
		for change in changes(here) {
			let mut root = root.clone();
			*root.pointer_mut(path).unwrap() = change;
			check(path, root);
		}
		match here {
			Value::Array(items) => {
				for index in 0..items.len() {
					each_change(&format!("{path}/{index}"), root, check);
				}
			},
			Value::Object(fields) => {
				for name in fields.keys() {
					each_change(&format!("{path}/{name}"), root, check);
				}
			},
			_ => {},
		}
	}

	#[test]
	fn protocol_should_be_refused_or_make_another_plan_when_anything_in_it_is_changed() {
		for (name, least_refused, least_other) in [("lookups", 280, 11), ("small-domain", 190, 8)] {
			let (root, original) = (written(name), plan(&protocol(name)).unwrap());
			let (mut refused, mut other) = (0, 0);
			each_change("", &root, &mut |path, changed| {
				let Ok(changed) = serde_json::from_value(changed) else {
					return;
				};
				match plan(&changed) {
					Err(_) => refused += 1,
					Ok(plan) => {
						assert_ne!(plan.to_bytes(), original.to_bytes(), "{name}: {path}");
						other += 1;
					},
				}
			});
			// Other gates, lookups, digests: other circuits. All else is refused.
			assert!(
				refused >= least_refused && other >= least_other,
				"{name}: {refused}, {other}"
			);
		}
	}

	#[test]
	fn protocol_should_be_refused_when_a_constraint_of_an_argument_is_changed() {
		let name = "chunks";
		// All but the gate's.
		for index in 1..constraints(&mut protocol(name)).len() {
			let mut changed = protocol(name);
			constraints(&mut changed)[index] = Expression::Constant(Fr::from(0));
			let error = plan(&changed).unwrap_err();
			assert!(
				matches!(
					error,
					FrontEndError::ProtocolDiffers { .. } | FrontEndError::Protocol { .. }
				),
				"{index}: {error}"
			);
			let mut changed = protocol(name);
			constraints(&mut changed).remove(index);
			assert!(plan(&changed).is_err(), "{index}");
		}
	}

	#[test]
	fn protocol_should_be_refused_when_an_opening_is_left_out() {
		for index in 0..protocol("mixed").queries.len() {
			let mut changed = protocol("mixed");
			changed.queries.remove(index);
			assert_eq!(plan(&changed), differs("queries", index));
		}
	}

	#[test]
	fn protocol_should_be_refused_when_a_gate_reads_what_is_no_column() {
		let fixed = protocol("chunks").preprocessed.len() - 8;
		for term in [
			// A polynomial of the permutation; one that does not exist; θ.
			Expression::Polynomial(Query::new(fixed, 0)),
			Expression::Polynomial(Query::new(1000, 0)),
			Expression::Challenge(0),
		] {
			let mut changed = protocol("chunks");
			constraints(&mut changed)[0] = term;
			let error = plan(&changed).unwrap_err();
			assert!(matches!(error, FrontEndError::Protocol { .. }), "{error}");
		}
		let mut changed = protocol("chunks");
		let advice = changed.evaluations[0].poly;
		constraints(&mut changed)[0] = Expression::Polynomial(Query::new(advice, 9));
		let (column, rotation) = (0, 9);
		assert_eq!(
			plan(&changed),
			Err(FrontEndError::UnknownQuery { column, rotation })
		);
	}

	#[test]
	fn protocol_should_be_refused_when_its_accumulator_is_not_the_one_stated() {
		let layout = common::accumulating().plan.accumulator().unwrap();
		let mut changed = protocol("accumulator");
		let error = fault("accumulator indices");
		assert_eq!(plan(&changed), error);
		let offset = layout.offset - 1;
		let moved = AccumulatorLayout { offset, ..layout };
		assert_eq!(plan_from_protocol(&changed, Some(moved)), error);
		changed.accumulator_indices[0].swap(0, 1);
		assert_eq!(plan_from_protocol(&changed, Some(layout)), error);
		changed.accumulator_indices.clear();
		assert_eq!(plan_from_protocol(&changed, Some(layout)), error);
	}

	#[test]
	fn protocol_should_be_refused_when_it_is_not_for_kzg_and_one_proof() {
		type Change = fn(&mut PlonkProtocol);
		let changes: [(&str, Change); 6] = [
			("key for committing to instances", |p| {
				p.instance_committing_key = Some(InstanceCommittingKey {
					bases: Vec::new(),
					constant: None,
				});
			}),
			("initial state of the transcript", |p| {
				p.transcript_initial_state = None
			}),
			("quotient", |p| p.quotient.chunk_degree = 2),
			("sizes", |p| p.num_witness[0] = usize::MAX),
			("challenges", |p| p.num_challenge[0] = 0),
			("witness polynomials", |p| p.num_witness.truncate(2)),
		];
		for (what, change) in changes {
			let mut changed = protocol("mixed");
			change(&mut changed);
			assert_eq!(plan(&changed), fault(what));
		}
		let mut changed = protocol("mixed");
		let last = changed.evaluations.len() - 1;
		changed.evaluations[last].rotation = Rotation(1);
		assert_eq!(plan(&changed), differs("evaluations", last));
	}
}
