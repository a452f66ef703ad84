//! Label and field selectors, and what is wrong with some.

use serde_json::json;

use super::reading::pages;
use crate::post;
use crate::scene::Scene;

pub(super) async fn labels(scene: &mut Scene) {
    pages(scene).await;
    scene
        .ask_all(&[
            ("equal", "configmaps?labelSelector=parity%3Dodd"),
            ("equal twice", "configmaps?labelSelector=parity%3D%3Dodd"),
            ("not equal", "configmaps?labelSelector=parity!%3Dodd"),
            ("both", "configmaps?labelSelector=set%3Dpages,parity%3Deven"),
            ("in", "configmaps?labelSelector=parity%20in%20(odd,none)"),
            ("notin", "configmaps?labelSelector=parity%20notin%20(odd)"),
            ("exists", "configmaps?labelSelector=parity"),
            ("exists not", "configmaps?labelSelector=!parity"),
            ("greater", "configmaps?labelSelector=parity%3E1"),
            ("nothing", "configmaps?labelSelector=parity%3Dnone"),
            ("empty", "configmaps?labelSelector="),
            ("three equals", "configmaps?labelSelector=a%3D%3D%3Db"),
            ("in without a list", "configmaps?labelSelector=a%20in"),
            ("in without an end", "configmaps?labelSelector=a%20in%20(b"),
            ("comma alone", "configmaps?labelSelector=,"),
            ("key that is none", "configmaps?labelSelector=-a%3Db"),
            ("value that is none", "configmaps?labelSelector=a%3D-b-"),
            ("greater than a word", "configmaps?labelSelector=a%3Eb"),
        ])
        .await;
}

pub(super) async fn fields(scene: &mut Scene) {
    pages(scene).await;
    scene.arrange(post("secrets", json!({"metadata": {"name": "plain"}, "stringData": {"a": "b"}}))).await;
    scene.arrange(post("secrets", json!({"metadata": {"name": "other"}, "type": "example.com/other"}))).await;
    scene
        .ask_all(&[
            ("name", "configmaps?fieldSelector=metadata.name%3Dpage-1"),
            ("not the name", "configmaps?labelSelector=set%3Dpages&fieldSelector=metadata.name!%3Dpage-1"),
            ("namespace", "configmaps?labelSelector=set%3Dpages&fieldSelector=metadata.namespace%3D{ns}"),
            ("other namespace", "configmaps?fieldSelector=metadata.namespace%3Dother"),
            ("type of a secret", "secrets?fieldSelector=type%3DOpaque"),
            ("phase of pods", "pods?fieldSelector=status.phase%3DRunning,spec.nodeName!%3Da"),
            ("of a namespace", "/api/v1/namespaces?fieldSelector=metadata.name%3D{ns},status.phase%3DActive"),
            ("of events", "events?fieldSelector=involvedObject.kind%3DPod,reason%3DNosuch"),
            ("unknown", "configmaps?fieldSelector=data.n%3D1"),
            ("unknown of pods", "pods?fieldSelector=spec.image%3D1"),
            ("no operator", "configmaps?fieldSelector=metadata.name"),
            ("empty", "configmaps?labelSelector=set%3Dpages&fieldSelector="),
            ("unknown on a watch", "configmaps?watch=true&fieldSelector=data.n%3D1"),
        ])
        .await;
}
