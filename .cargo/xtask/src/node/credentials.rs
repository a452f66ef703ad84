//! Keys, certificates, tokens and kubeconfigs, made once for a node.

use std::fs;
use std::io::Read as _;
use std::process::Command;

use super::network;
use super::services::API_PORT;
use super::state::State;
use crate::command;
use crate::workspace::Failure;

/// The node's name.
pub(super) const NODE: &str = "krateyard-node";

/// Who has a token: user, uid, groups. The first four are people, of whom the administrator alone has rights of a node's own making; the others are the
/// node's parts, which Kubernetes' own roles know by these names.
const ACCOUNTS: [(&str, &str, &str); 7] = [
    ("admin", "admin@example.com", "system:masters"),
    ("editor", "editor@example.com", "people"),
    ("viewer", "viewer@example.com", "people"),
    ("nobody", "nobody@example.com", "people"),
    ("kube-controller-manager", "system:kube-controller-manager", ""),
    ("kube-scheduler", "system:kube-scheduler", ""),
    ("kubelet", "system:node:krateyard-node", "system:nodes"),
];

/// How many of [`ACCOUNTS`] are people.
const PEOPLE: usize = 4;

/// Makes what is missing.
pub(super) fn make(state: &State) -> Result<(), Failure> {
    state.make_folder("pki")?;
    // The last file that is made says that all are there.
    if state.read("tokens.csv").is_some() {
        return Ok(());
    }
    certificates(state)?;
    let tokens = ACCOUNTS.iter().map(|_| random_token()).collect::<Result<Vec<_>, _>>()?;
    state.write("kubeconfig", &kubeconfig(state, (0..PEOPLE).map(|at| (ACCOUNTS[at].0, tokens[at].as_str()))))?;
    for (account, token) in ACCOUNTS.iter().zip(&tokens).skip(PEOPLE) {
        state.write(&format!("{}.kubeconfig", account.0), &kubeconfig(state, [(account.0, token.as_str())]))?;
    }
    let line = |((name, user, groups), token): (&(&str, &str, &str), &String)| format!("{token},{user},u-{name},\"{groups}\"\n");
    state.write("tokens.csv", &ACCOUNTS.iter().zip(&tokens).map(line).collect::<String>())
}

/// An authority, and what it vouches for: the API server to everybody, and the API server to the kubelet. And the key that signs service accounts' tokens.
fn certificates(state: &State) -> Result<(), Failure> {
    let pki = state.path("pki");
    let openssl = |line: &str| {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(&pki).args(line.split(' '));
        command::output(&mut openssl).map(drop).map_err(|why| Failure::new(format!("`openssl {line}` failed: {why}")))
    };
    let issue = |name: &str, subject: &str, extensions: &str| {
        state.write(&format!("pki/{name}.ext"), extensions)?;
        openssl(&format!("req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj {subject}"))?;
        openssl(&format!("x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out {name}.crt -extfile {name}.ext"))
    };
    openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 3650 -subj /CN=krateyard-node-ca")?;
    let names = format!("DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:{},IP:10.204.0.1", network::node_address());
    issue("apiserver", "/CN=kube-apiserver", &format!("subjectAltName={names}\nextendedKeyUsage=serverAuth\n"))?;
    issue("apiserver-kubelet", "/O=system:masters/CN=kube-apiserver-kubelet-client", "extendedKeyUsage=clientAuth\n")?;
    openssl("genrsa -out service-accounts.key 2048")?;
    for key in ["ca", "apiserver", "apiserver-kubelet", "service-accounts"] {
        command::output(Command::new("chmod").arg("600").arg(pki.join(format!("{key}.key")))).map_err(Failure::new)?;
    }
    Ok(())
}

/// 32 bytes that nobody guesses, in hex.
fn random_token() -> Result<String, Failure> {
    let mut bytes = [0_u8; 32];
    fs::File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes)).map_err(Failure::at("reading /dev/urandom"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// One context for each account; the first is the current one. JSON is YAML.
fn kubeconfig<'a>(state: &State, accounts: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let accounts: Vec<_> = accounts.into_iter().collect();
    serde_json::json!({
        "apiVersion": "v1", "kind": "Config",
        "clusters": [{"name": "node", "cluster": {"server": format!("https://127.0.0.1:{API_PORT}"), "certificate-authority": state.text("pki/ca.crt")}}],
        "users": accounts.iter().map(|(name, token)| serde_json::json!({"name": name, "user": {"token": token}})).collect::<Vec<_>>(),
        "contexts": accounts.iter().map(|(name, _)| serde_json::json!({"name": name, "context": {"cluster": "node", "user": name}})).collect::<Vec<_>>(),
        "current-context": accounts.first().map(|(name, _)| *name),
    })
    .to_string()
}
