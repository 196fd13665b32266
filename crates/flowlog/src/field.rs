//! The fields that AWS can write into a flow log record, versions 2 to 11.
//!
//! Source: Amazon VPC User Guide, "Flow log records", table "Available fields". Text logs name fields with hyphens, Parquet
//! columns with underscores.

/// What a field's values look like, as AWS documents it for the Parquet columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// Fits 32 bits; Parquet `INT32`.
    Int,
    /// Fits 64 bits; Parquet `INT64`.
    Long,
    /// An IPv4 or IPv6 address in text form; Parquet string.
    Ip,
    /// Any text; tag values are percent-encoded (see [`crate::decode_tag`]).
    Text,
}

macro_rules! fields {
    ($($variant:ident $version:literal $name:literal $column:literal $type:ident;)*) => {
        /// One field of a flow log record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`, since version ", stringify!($version), ".")] $variant,)*
        }

        impl Field {
            /// Every field, in the order of the versions that brought them.
            pub const ALL: &'static [Field] = &[$(Field::$variant,)*];

            /// The name in headers and format strings, such as `pkt-srcaddr`.
            pub const fn name(self) -> &'static str {
                match self { $(Field::$variant => $name,)* }
            }

            /// The Parquet column, such as `pkt_srcaddr`.
            pub const fn parquet_column(self) -> &'static str {
                match self { $(Field::$variant => $column,)* }
            }

            /// The flow log version that brought the field.
            pub const fn version(self) -> u8 {
                match self { $(Field::$variant => $version,)* }
            }

            /// What its values look like.
            pub const fn field_type(self) -> FieldType {
                match self { $(Field::$variant => FieldType::$type,)* }
            }

            /// The field of that hyphenated name; `None` for a name that AWS added after version 11.
            pub fn from_name(name: &str) -> Option<Field> {
                match name { $($name => Some(Field::$variant),)* _ => None }
            }

            /// The field of that Parquet column; the hyphenated name is understood as well.
            pub fn from_parquet_column(column: &str) -> Option<Field> {
                match column { $($column => Some(Field::$variant),)* _ => Field::from_name(column) }
            }
        }
    };
}

fields! {
    Version 2 "version" "version" Int;
    AccountId 2 "account-id" "account_id" Text;
    InterfaceId 2 "interface-id" "interface_id" Text;
    SrcAddr 2 "srcaddr" "srcaddr" Ip;
    DstAddr 2 "dstaddr" "dstaddr" Ip;
    SrcPort 2 "srcport" "srcport" Int;
    DstPort 2 "dstport" "dstport" Int;
    Protocol 2 "protocol" "protocol" Int;
    Packets 2 "packets" "packets" Long;
    Bytes 2 "bytes" "bytes" Long;
    Start 2 "start" "start" Long;
    End 2 "end" "end" Long;
    Action 2 "action" "action" Text;
    LogStatus 2 "log-status" "log_status" Text;
    VpcId 3 "vpc-id" "vpc_id" Text;
    SubnetId 3 "subnet-id" "subnet_id" Text;
    InstanceId 3 "instance-id" "instance_id" Text;
    TcpFlags 3 "tcp-flags" "tcp_flags" Int;
    Type 3 "type" "type" Text;
    PktSrcAddr 3 "pkt-srcaddr" "pkt_srcaddr" Ip;
    PktDstAddr 3 "pkt-dstaddr" "pkt_dstaddr" Ip;
    Region 4 "region" "region" Text;
    AzId 4 "az-id" "az_id" Text;
    SublocationType 4 "sublocation-type" "sublocation_type" Text;
    SublocationId 4 "sublocation-id" "sublocation_id" Text;
    PktSrcAwsService 5 "pkt-src-aws-service" "pkt_src_aws_service" Text;
    PktDstAwsService 5 "pkt-dst-aws-service" "pkt_dst_aws_service" Text;
    FlowDirection 5 "flow-direction" "flow_direction" Text;
    TrafficPath 5 "traffic-path" "traffic_path" Int;
    EcsClusterArn 7 "ecs-cluster-arn" "ecs_cluster_arn" Text;
    EcsClusterName 7 "ecs-cluster-name" "ecs_cluster_name" Text;
    EcsContainerInstanceArn 7 "ecs-container-instance-arn" "ecs_container_instance_arn" Text;
    EcsContainerInstanceId 7 "ecs-container-instance-id" "ecs_container_instance_id" Text;
    EcsContainerId 7 "ecs-container-id" "ecs_container_id" Text;
    EcsSecondContainerId 7 "ecs-second-container-id" "ecs_second_container_id" Text;
    EcsServiceName 7 "ecs-service-name" "ecs_service_name" Text;
    EcsTaskDefinitionArn 7 "ecs-task-definition-arn" "ecs_task_definition_arn" Text;
    EcsTaskArn 7 "ecs-task-arn" "ecs_task_arn" Text;
    EcsTaskId 7 "ecs-task-id" "ecs_task_id" Text;
    RejectReason 8 "reject-reason" "reject_reason" Text;
    ResourceId 9 "resource-id" "resource_id" Text;
    EncryptionStatus 10 "encryption-status" "encryption_status" Int;
    InstanceTag 11 "instance-tag" "instance_tag" Text;
    InstanceTag2 11 "instance-tag-2" "instance_tag_2" Text;
    InterfaceTag 11 "interface-tag" "interface_tag" Text;
    InterfaceTag2 11 "interface-tag-2" "interface_tag_2" Text;
    AsgTag 11 "asg-tag" "asg_tag" Text;
    AsgTag2 11 "asg-tag-2" "asg_tag_2" Text;
    InterfaceType 11 "interface-type" "interface_type" Text;
    NextHopInterfaceId 11 "next-hop-interface-id" "next_hop_interface_id" Text;
    NextHopSubnetId 11 "next-hop-subnet-id" "next_hop_subnet_id" Text;
    NextHopAzId 11 "next-hop-az-id" "next_hop_az_id" Text;
    NextHopVpcId 11 "next-hop-vpc-id" "next_hop_vpc_id" Text;
    NextHopInterfaceType 11 "next-hop-interface-type" "next_hop_interface_type" Text;
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Field {
    /// Whether [`crate::Record`] holds this field; the others pass by without being read.
    pub(crate) const fn is_in_record(self) -> bool {
        matches!(
            self,
            Field::AccountId
                | Field::InterfaceId
                | Field::VpcId
                | Field::SrcAddr
                | Field::DstAddr
                | Field::PktSrcAddr
                | Field::PktDstAddr
                | Field::SrcPort
                | Field::DstPort
                | Field::Protocol
                | Field::Packets
                | Field::Bytes
                | Field::Start
                | Field::End
                | Field::Action
                | Field::LogStatus
                | Field::TcpFlags
                | Field::FlowDirection
        )
    }
}
