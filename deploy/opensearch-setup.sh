#!/usr/bin/env bash
# Opens the OpenSearch domain of a stack for its Firehose stream. Run it once, after `sam deploy`, from an address inside DashboardCidr.
#
#   deploy/opensearch-setup.sh STACK [INDEX-TEMPLATE.json]
#
# The index template first, so that no document gets into an index of guessed types; then a role that may write to the stack's indices
# and no others; last the mapping of Firehose's IAM role to it. Until then the domain refuses Firehose, which tries again for two hours.
# Running it again changes nothing.
set -euo pipefail

stack=${1:-}
template=${2:-"$(dirname "$0")/../dashboards/index-template.json"}
[[ -n $stack ]] || { echo 'usage: deploy/opensearch-setup.sh STACK [INDEX-TEMPLATE.json]' >&2; exit 2; }
for tool in aws curl python3; do
    command -v "$tool" >/dev/null || { echo "opensearch-setup.sh needs $tool: install it and try again" >&2; exit 1; }
done
[[ -f $template ]] || { echo "no such index template: $template" >&2; exit 1; }

output() {
    local value
    value=$(aws cloudformation describe-stacks --stack-name "$stack" --output text \
        --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue")
    [[ -n $value ]] || { echo "stack $stack has no output $1: was it deployed with Destination=opensearch-domain?" >&2; exit 1; }
    printf '%s' "$value"
}
endpoint=$(output DomainEndpoint)
pattern=$(output IndexPattern)
role=$(output StreamRoleArn)
secret=$(aws secretsmanager get-secret-value --secret-id "$(output DomainPasswordArn)" --output text --query SecretString)
user=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["username"])' <<<"$secret")
password=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["password"])' <<<"$secret")

# The password goes by standard input: arguments are for everybody on this machine to see.
put() {
    if ! printf 'user = "%s:%s"\n' "$user" "$password" |
        curl --config - --silent --show-error --fail-with-body --request PUT --header 'Content-Type: application/json' \
            --data "$2" "$endpoint/$1" >&2; then
        printf '\nthe domain refused PUT %s: is this machine inside DashboardCidr?\n' "$1" >&2
        exit 1
    fi
    echo >&2
}

put _index_template/sgflow "@$template"
put _plugins/_security/api/roles/sgflow-firehose '{
    "cluster_permissions": ["cluster_composite_ops", "cluster_monitor"],
    "index_permissions": [{"index_patterns": ["'"$pattern"'"], "allowed_actions": ["crud", "create_index", "manage"]}]
}'
put _plugins/_security/api/rolesmapping/sgflow-firehose '{"backend_roles": ["'"$role"'"]}'

echo "Firehose may write to $pattern. Dashboards: $endpoint/_dashboards"
echo "Name and password: aws secretsmanager get-secret-value --secret-id $(output DomainPasswordArn) --query SecretString --output text"
