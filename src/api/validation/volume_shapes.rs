//! What a volume's data are on, as the API server holds it itself (`pkg/apis/core/types.go`).

use super::shape::Holds::{Any, Flag, Number, Pointer, Text};
use super::shape::Shape;

const SECRET: Shape = &[("Name", "name", Text), ("Namespace", "namespace", Text)];

/// A source of `gcePersistentDisk`, a pod's as well.
pub(super) const GCE_PERSISTENT_DISK: Shape = &[
    ("PDName", "pdName", Text),
    ("FSType", "fsType", Text),
    ("Partition", "partition", Number),
    ("ReadOnly", "readOnly", Flag),
];

/// A source of `awsElasticBlockStore`, a pod's as well.
pub(super) const AWS_ELASTIC_BLOCK_STORE: Shape = &[
    ("VolumeID", "volumeID", Text),
    ("FSType", "fsType", Text),
    ("Partition", "partition", Number),
    ("ReadOnly", "readOnly", Flag),
];

const HOST_PATH: Shape = &[("Path", "path", Text), ("Type", "type", Any)];

const GLUSTERFS: Shape = &[
    ("EndpointsName", "endpoints", Text),
    ("Path", "path", Text),
    ("ReadOnly", "readOnly", Flag),
    ("EndpointsNamespace", "endpointsNamespace", Any),
];

/// A source of `nfs`, a pod's as well.
pub(super) const NFS: Shape =
    &[("Server", "server", Text), ("Path", "path", Text), ("ReadOnly", "readOnly", Flag)];

const RBD: Shape = &[
    ("CephMonitors", "monitors", Any),
    ("RBDImage", "image", Text),
    ("FSType", "fsType", Text),
    ("RBDPool", "pool", Text),
    ("RadosUser", "user", Text),
    ("Keyring", "keyring", Text),
    ("SecretRef", "secretRef", Pointer(SECRET)),
    ("ReadOnly", "readOnly", Flag),
];

/// A source of `quobyte`, a pod's as well.
pub(super) const QUOBYTE: Shape = &[
    ("Registry", "registry", Text),
    ("Volume", "volume", Text),
    ("ReadOnly", "readOnly", Flag),
    ("User", "user", Text),
    ("Group", "group", Text),
    ("Tenant", "tenant", Text),
];

const ISCSI: Shape = &[
    ("TargetPortal", "targetPortal", Text),
    ("IQN", "iqn", Text),
    ("Lun", "lun", Number),
    ("ISCSIInterface", "iscsiInterface", Text),
    ("FSType", "fsType", Text),
    ("ReadOnly", "readOnly", Flag),
    ("Portals", "portals", Any),
    ("DiscoveryCHAPAuth", "chapAuthDiscovery", Flag),
    ("SessionCHAPAuth", "chapAuthSession", Flag),
    ("SecretRef", "secretRef", Pointer(SECRET)),
    ("InitiatorName", "initiatorName", Any),
];

const FLEX_VOLUME: Shape = &[
    ("Driver", "driver", Text),
    ("FSType", "fsType", Text),
    ("SecretRef", "secretRef", Pointer(SECRET)),
    ("ReadOnly", "readOnly", Flag),
    ("Options", "options", Any),
];

const CINDER: Shape = &[
    ("VolumeID", "volumeID", Text),
    ("FSType", "fsType", Text),
    ("ReadOnly", "readOnly", Flag),
    ("SecretRef", "secretRef", Pointer(SECRET)),
];

const CEPH_FS: Shape = &[
    ("Monitors", "monitors", Any),
    ("Path", "path", Text),
    ("User", "user", Text),
    ("SecretFile", "secretFile", Text),
    ("SecretRef", "secretRef", Pointer(SECRET)),
    ("ReadOnly", "readOnly", Flag),
];

/// A source of `fc`, a pod's as well.
pub(super) const FC: Shape = &[
    ("TargetWWNs", "targetWWNs", Any),
    ("Lun", "lun", Any),
    ("FSType", "fsType", Text),
    ("ReadOnly", "readOnly", Flag),
    ("WWIDs", "wwids", Any),
];

/// A source of `flocker`, a pod's as well.
pub(super) const FLOCKER: Shape =
    &[("DatasetName", "datasetName", Text), ("DatasetUUID", "datasetUUID", Text)];

const AZURE_FILE: Shape = &[
    ("SecretName", "secretName", Text),
    ("ShareName", "shareName", Text),
    ("ReadOnly", "readOnly", Flag),
    ("SecretNamespace", "secretNamespace", Any),
];

/// A source of `vsphereVolume`, a pod's as well.
pub(super) const VSPHERE_VOLUME: Shape = &[
    ("VolumePath", "volumePath", Text),
    ("FSType", "fsType", Text),
    ("StoragePolicyName", "storagePolicyName", Text),
    ("StoragePolicyID", "storagePolicyID", Text),
];

/// A source of `azureDisk`, a pod's as well.
pub(super) const AZURE_DISK: Shape = &[
    ("DiskName", "diskName", Text),
    ("DataDiskURI", "diskURI", Text),
    ("CachingMode", "cachingMode", Any),
    ("FSType", "fsType", Any),
    ("ReadOnly", "readOnly", Any),
    ("Kind", "kind", Any),
];

/// A source of `photonPersistentDisk`, a pod's as well.
pub(super) const PHOTON_PERSISTENT_DISK: Shape =
    &[("PdID", "pdID", Text), ("FSType", "fsType", Text)];

/// A source of `portworxVolume`, a pod's as well.
pub(super) const PORTWORX_VOLUME: Shape =
    &[("VolumeID", "volumeID", Text), ("FSType", "fsType", Text), ("ReadOnly", "readOnly", Flag)];

const SCALE_IO: Shape = &[
    ("Gateway", "gateway", Text),
    ("System", "system", Text),
    ("SecretRef", "secretRef", Pointer(SECRET)),
    ("SSLEnabled", "sslEnabled", Flag),
    ("ProtectionDomain", "protectionDomain", Text),
    ("StoragePool", "storagePool", Text),
    ("StorageMode", "storageMode", Text),
    ("VolumeName", "volumeName", Text),
    ("FSType", "fsType", Text),
    ("ReadOnly", "readOnly", Flag),
];

const LOCAL: Shape = &[("Path", "path", Text), ("FSType", "fsType", Any)];

const STORAGE_OS: Shape = &[
    ("VolumeName", "volumeName", Text),
    ("VolumeNamespace", "volumeNamespace", Text),
    ("FSType", "fsType", Text),
    ("ReadOnly", "readOnly", Flag),
    ("SecretRef", "secretRef", Any),
];

const CSI: Shape = &[
    ("Driver", "driver", Text),
    ("VolumeHandle", "volumeHandle", Text),
    ("ReadOnly", "readOnly", Flag),
    ("FSType", "fsType", Text),
    ("VolumeAttributes", "volumeAttributes", Any),
    ("ControllerPublishSecretRef", "controllerPublishSecretRef", Pointer(SECRET)),
    ("NodeStageSecretRef", "nodeStageSecretRef", Pointer(SECRET)),
    ("NodePublishSecretRef", "nodePublishSecretRef", Pointer(SECRET)),
    ("ControllerExpandSecretRef", "controllerExpandSecretRef", Pointer(SECRET)),
    ("NodeExpandSecretRef", "nodeExpandSecretRef", Pointer(SECRET)),
];

/// A pod's own source of `iscsi`.
pub(super) const POD_ISCSI: Shape = &[
    ("TargetPortal", "targetPortal", Text),
    ("IQN", "iqn", Text),
    ("Lun", "lun", Number),
    ("ISCSIInterface", "iscsiInterface", Text),
    ("FSType", "fsType", Text),
    ("ReadOnly", "readOnly", Flag),
    ("Portals", "portals", Any),
    ("DiscoveryCHAPAuth", "chapAuthDiscovery", Flag),
    ("SessionCHAPAuth", "chapAuthSession", Flag),
    ("SecretRef", "secretRef", Pointer(&[("Name", "name", Text)])),
    ("InitiatorName", "initiatorName", Any),
];

/// A pod's own source of `glusterfs`.
pub(super) const POD_GLUSTERFS: Shape =
    &[("EndpointsName", "endpoints", Text), ("Path", "path", Text), ("ReadOnly", "readOnly", Flag)];

/// A pod's own source of `rbd`.
pub(super) const POD_RBD: Shape = &[
    ("CephMonitors", "monitors", Any),
    ("RBDImage", "image", Text),
    ("FSType", "fsType", Text),
    ("RBDPool", "pool", Text),
    ("RadosUser", "user", Text),
    ("Keyring", "keyring", Text),
    ("SecretRef", "secretRef", Pointer(&[("Name", "name", Text)])),
    ("ReadOnly", "readOnly", Flag),
];

/// A pod's own source of `flexVolume`.
pub(super) const POD_FLEX_VOLUME: Shape = &[
    ("Driver", "driver", Text),
    ("FSType", "fsType", Text),
    ("SecretRef", "secretRef", Pointer(&[("Name", "name", Text)])),
    ("ReadOnly", "readOnly", Flag),
    ("Options", "options", Any),
];

/// A pod's own source of `cinder`.
pub(super) const POD_CINDER: Shape = &[
    ("VolumeID", "volumeID", Text),
    ("FSType", "fsType", Text),
    ("ReadOnly", "readOnly", Flag),
    ("SecretRef", "secretRef", Pointer(&[("Name", "name", Text)])),
];

/// A pod's own source of `cephfs`.
pub(super) const POD_CEPH_FS: Shape = &[
    ("Monitors", "monitors", Any),
    ("Path", "path", Text),
    ("User", "user", Text),
    ("SecretFile", "secretFile", Text),
    ("SecretRef", "secretRef", Pointer(&[("Name", "name", Text)])),
    ("ReadOnly", "readOnly", Flag),
];

/// A pod's own source of `azureFile`.
pub(super) const POD_AZURE_FILE: Shape = &[
    ("SecretName", "secretName", Text),
    ("ShareName", "shareName", Text),
    ("ReadOnly", "readOnly", Flag),
];

/// A pod's own source of `scaleIO`.
pub(super) const POD_SCALE_IO: Shape = &[
    ("Gateway", "gateway", Text),
    ("System", "system", Text),
    ("SecretRef", "secretRef", Pointer(&[("Name", "name", Text)])),
    ("SSLEnabled", "sslEnabled", Flag),
    ("ProtectionDomain", "protectionDomain", Text),
    ("StoragePool", "storagePool", Text),
    ("StorageMode", "storageMode", Text),
    ("VolumeName", "volumeName", Text),
    ("FSType", "fsType", Text),
    ("ReadOnly", "readOnly", Flag),
];

/// A pod's own source of `storageos`.
pub(super) const POD_STORAGE_OS: Shape = &[
    ("VolumeName", "volumeName", Text),
    ("VolumeNamespace", "volumeNamespace", Text),
    ("FSType", "fsType", Text),
    ("ReadOnly", "readOnly", Flag),
    ("SecretRef", "secretRef", Pointer(&[("Name", "name", Text)])),
];

/// A pod's own source of `csi`.
pub(super) const POD_CSI: Shape = &[
    ("Driver", "driver", Text),
    ("ReadOnly", "readOnly", Any),
    ("FSType", "fsType", Any),
    ("VolumeAttributes", "volumeAttributes", Any),
    ("NodePublishSecretRef", "nodePublishSecretRef", Pointer(&[("Name", "name", Text)])),
];

/// A pod's own source of `image`.
pub(super) const POD_IMAGE: Shape =
    &[("Reference", "reference", Text), ("PullPolicy", "pullPolicy", Text)];

/// The source of a PersistentVolume.
pub(super) const PERSISTENT: Shape = &[
    ("GCEPersistentDisk", "gcePersistentDisk", Pointer(GCE_PERSISTENT_DISK)),
    ("AWSElasticBlockStore", "awsElasticBlockStore", Pointer(AWS_ELASTIC_BLOCK_STORE)),
    ("HostPath", "hostPath", Pointer(HOST_PATH)),
    ("Glusterfs", "glusterfs", Pointer(GLUSTERFS)),
    ("NFS", "nfs", Pointer(NFS)),
    ("RBD", "rbd", Pointer(RBD)),
    ("Quobyte", "quobyte", Pointer(QUOBYTE)),
    ("ISCSI", "iscsi", Pointer(ISCSI)),
    ("FlexVolume", "flexVolume", Pointer(FLEX_VOLUME)),
    ("Cinder", "cinder", Pointer(CINDER)),
    ("CephFS", "cephfs", Pointer(CEPH_FS)),
    ("FC", "fc", Pointer(FC)),
    ("Flocker", "flocker", Pointer(FLOCKER)),
    ("AzureFile", "azureFile", Pointer(AZURE_FILE)),
    ("VsphereVolume", "vsphereVolume", Pointer(VSPHERE_VOLUME)),
    ("AzureDisk", "azureDisk", Pointer(AZURE_DISK)),
    ("PhotonPersistentDisk", "photonPersistentDisk", Pointer(PHOTON_PERSISTENT_DISK)),
    ("PortworxVolume", "portworxVolume", Pointer(PORTWORX_VOLUME)),
    ("ScaleIO", "scaleIO", Pointer(SCALE_IO)),
    ("Local", "local", Pointer(LOCAL)),
    ("StorageOS", "storageos", Pointer(STORAGE_OS)),
    ("CSI", "csi", Pointer(CSI)),
];
