//! kubesim answers as a real cluster does, where there is one to compare with: `KRATEYARD_KUBECONFIG`, `KRATEYARD_CONTEXT`.

#![allow(clippy::unwrap_used, reason = "a test")]

use krateyard_conformance::{Outcome, Real, Side, cases, known, run};
use kubesim::{Options, Sim};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubesim_answers_as_a_real_cluster_does() {
    let Some(real) = Real::from_environment() else {
        println!("conformance: left out, since KRATEYARD_KUBECONFIG names no cluster to compare with");
        return;
    };
    let sim = Sim::start(Options { pods: 0, ..Options::default() }).await.unwrap();
    let (simulated, real) = (Side::simulated(&sim).unwrap(), Side::real(&real).await.unwrap());
    // names of a run are its own: the time in base 36 is short, and rises
    let prefix = format!("kyc-{}", base36(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()));
    let outcome: Outcome = run(cases::CASES, known::KNOWN, &simulated, &real, &prefix).await;
    println!("{}", outcome.words(known::KNOWN));
    println!("{}", outcome.wrong.join("\n"));
    assert!(outcome.wrong.is_empty(), "{} answers or cases are wrong", outcome.wrong.len());
    assert!(outcome.equal > 0, "nothing was compared");
}

fn base36(mut number: u128) -> String {
    let mut digits = Vec::new();
    while number > 0 {
        digits.push(char::from_digit((number % 36) as u32, 36).unwrap());
        number /= 36;
    }
    digits.into_iter().rev().collect()
}
