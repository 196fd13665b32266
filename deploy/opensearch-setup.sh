#!/usr/bin/env bash
# Makes the OpenSearch domain of a stack ready: run it once after `sam deploy`, from an address inside DashboardCidr, and again after an
# update of sgflow.
#
#   deploy/opensearch-setup.sh STACK [--delete-after DAYS]
#
# The index templates first, so that no document gets into an index of guessed types; then the policy that deletes old indices; then a
# role that may write to the stack's indices and no others, and the mapping of Firehose's IAM role to it; last the dashboards. Until the
# mapping is there the domain refuses Firehose, which tries again for two hours.
#
# Running it again brings templates, role and dashboards up to date. The policy is left alone once it is there, for it says when data is
# deleted; --delete-after changes it.
set -euo pipefail

usage() {
    echo 'usage: deploy/opensearch-setup.sh STACK [--delete-after DAYS]' >&2
    exit 2
}
stack=${1:-}
[[ -n $stack && $stack != -* ]] || usage
shift
days=
if [[ $# -gt 0 ]]; then
    [[ $# -eq 2 && $1 == --delete-after && $2 =~ ^[1-9][0-9]{0,3}$ ]] || usage
    days=$2
fi
for tool in aws curl python3; do
    command -v "$tool" >/dev/null || { echo "opensearch-setup.sh needs $tool: install it and try again" >&2; exit 1; }
done

output() {
    local value
    value=$(aws cloudformation describe-stacks --stack-name "$stack" --output text \
        --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue")
    [[ -n $value ]] || {
        echo "stack $stack has no output $1: was it deployed from this version, with Destination=opensearch-domain?" >&2
        exit 1
    }
    printf '%s' "$value"
}
endpoint=$(output DomainEndpoint)
pattern=$(output IndexPattern)
schema=$(output OutputSchema)
role=$(output StreamRoleArn)
secret=$(aws secretsmanager get-secret-value --secret-id "$(output DomainPasswordArn)" --output text --query SecretString)
user=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["username"])' <<<"$secret")
password=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["password"])' <<<"$secret")

case $schema in
    classic) name=sgflow-flows other=sgflow-ecs template=index-template.json objects=classic.ndjson ;;
    ecs) name=sgflow-ecs other=sgflow-flows template=index-template-ecs.json objects=ecs.ndjson ;;
    *) echo "stack $stack has the unknown OutputSchema $schema: take the opensearch-setup.sh of its version" >&2; exit 1 ;;
esac
# The stack's IndexName; its indices have a date behind it.
index=${pattern%\*}
# Panels of flows ask for $index*, panels of the inventory for sgflow-inventory*, and the policy deletes $index-*.
if [[ sgflow-inventory == "$index"* || $index == sgflow-inventory* ]]; then
    echo "IndexName $index of stack $stack does not tell flows from the index sgflow-inventory: panels would mix them, and the inventory" \
        "could be deleted as old. Deploy with another IndexName; nothing was changed" >&2
    exit 1
fi
dashboards=$(cd "$(dirname "$0")/../dashboards" && pwd)
for file in "$template" index-template-inventory.json ism-policy-daily.json "$objects"; do
    [[ -f $dashboards/$file ]] || { echo "there is no $dashboards/$file: is this a whole copy of sgflow?" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# call METHOD PATH [CURL-ARGUMENT...]: the status on standard output, the answer in $work/answer. The password goes by standard input:
# arguments are for everybody on this machine to see.
call() {
    local method=$1 path=$2
    shift 2
    rm -f "$work/answer"
    printf 'user = "%s:%s"\n' "$user" "$password" |
        curl --config - --silent --show-error --request "$method" --output "$work/answer" --write-out '%{http_code}' "$@" "$endpoint/$path" || true
}
# refused STATUS REQUEST
refused() {
    local outside=': is this machine inside DashboardCidr?'
    if [[ $1 == 000 ]]; then
        echo "no answer to $2$outside" >&2
        exit 1
    fi
    cat "$work/answer" >&2 2>/dev/null || true
    [[ $1 == 403 ]] || outside=
    printf '\nthe domain refused %s with status %s%s\n' "$2" "$1" "$outside" >&2
    exit 1
}
put() {
    local path=$1
    local status
    status=$(call PUT "$path" --header 'Content-Type: application/json' --data-binary "$2")
    [[ $status == 2* ]] || refused "$status" "PUT $path"
    echo "PUT $path" >&2
}
remove() {
    local status
    status=$(call DELETE "$1")
    [[ $status != 404 ]] || return 0
    [[ $status == 2* ]] || refused "$status" "DELETE $1"
    echo "DELETE $1" >&2
}

# ---- Index templates -------------------------------------------------------------------------------------------------------

# OpenSearch refuses a template while another of the same priority is for some of the same names. That may be the one that the first
# version of this script put for sgflow-*, or the other schema's, if this stack changed its OutputSchema and kept its IndexName.
remove _index_template/sgflow
status=$(call GET "_index_template/$other")
if [[ $status == 200 ]]; then
    in_the_way=$(python3 - "$work/answer" "$index-" <<'PYTHON'
import json, sys
(found,) = json.load(open(sys.argv[1], encoding="utf-8"))["index_templates"]
for pattern in found["index_template"]["index_patterns"]:
    start, star, _ = pattern.partition("*")
    if start.startswith(sys.argv[2]) or (star and sys.argv[2].startswith(start)):
        print("yes")
        break
PYTHON
    )
    [[ -z $in_the_way ]] || remove "_index_template/$other"
elif [[ $status != 404 ]]; then
    refused "$status" "GET _index_template/$other"
fi

python3 - "$dashboards/$template" "$index-*" >"$work/template.json" <<'PYTHON'
import json, sys
template = json.load(open(sys.argv[1], encoding="utf-8"))
template["index_patterns"] = [sys.argv[2]]
json.dump(template, sys.stdout)
PYTHON
put "_index_template/$name" "@$work/template.json"
put _index_template/sgflow-inventory "@$dashboards/index-template-inventory.json"

# ---- The policy that deletes -----------------------------------------------------------------------------------------------

# The plugin takes the new text of a policy only with the version that it replaces.
policy=_plugins/_ism/policies/sgflow-daily
status=$(call GET "$policy")
if [[ $status == 404 ]]; then
    replaces=
elif [[ $status == 200 ]]; then
    replaces=$(python3 -c 'import json, sys
found = json.load(sys.stdin)
print("if_seq_no={}&if_primary_term={}".format(found["_seq_no"], found["_primary_term"]))' <"$work/answer")
else
    refused "$status" "GET $policy"
fi
if [[ -n $replaces && -z $days ]]; then
    echo "the policy sgflow-daily is there and stays as it is; --delete-after DAYS changes it" >&2
    grep --quiet --fixed-strings "\"$index-*\"" "$work/answer" ||
        echo "warning: it is not for $index-*, whose indices stay for ever until you run this again with --delete-after DAYS" >&2
else
    python3 - "$dashboards/ism-policy-daily.json" "$index-*" "${days:-30}" >"$work/policy.json" <<'PYTHON'
import json, sys
body, pattern, days = json.load(open(sys.argv[1], encoding="utf-8")), sys.argv[2], sys.argv[3]
policy = body["policy"]
policy["description"] = f"sgflow: indices of one day each, deleted {days} days after they were made"
policy["states"][0]["transitions"][0]["conditions"] = {"min_index_age": days + "d"}
policy["ism_template"][0]["index_patterns"] = [pattern]
json.dump(body, sys.stdout)
PYTHON
    put "$policy${replaces:+?$replaces}" "@$work/policy.json"
    if [[ -n $replaces ]]; then
        echo "indices from now on follow it; those that are there follow the older text until POST _plugins/_ism/change_policy/$index-*" >&2
    fi
fi

# ---- Firehose may write ----------------------------------------------------------------------------------------------------

put _plugins/_security/api/roles/sgflow-firehose '{
    "cluster_permissions": ["cluster_composite_ops", "cluster_monitor"],
    "index_permissions": [{"index_patterns": ["'"$pattern"'"], "allowed_actions": ["crud", "create_index", "manage"]}]
}'
put _plugins/_security/api/rolesmapping/sgflow-firehose '{"backend_roles": ["'"$role"'"]}'
echo "Firehose may write to $pattern" >&2

# ---- Dashboards ------------------------------------------------------------------------------------------------------------

# Index patterns and the queries of Vega panels name the indices, in the same words.
python3 - "$dashboards/$objects" "$name*" "$pattern" >"$work/objects.ndjson" <<'PYTHON'
import sys
text = open(sys.argv[1], encoding="utf-8").read()
sys.stdout.buffer.write(text.replace(sys.argv[2], sys.argv[3]).encode("utf-8"))
PYTHON
import_api='_dashboards/api/saved_objects/_import?overwrite=true'
# The global tenant: what everybody sees who may open Dashboards.
status=$(call POST "$import_api" --header 'osd-xsrf: true' --header 'securitytenant: global' --form "file=@$work/objects.ndjson")
[[ $status == 2* ]] || refused "$status" "POST $import_api"
python3 - "$work/answer" <<'PYTHON' >&2
import json, sys
answer = json.load(open(sys.argv[1], encoding="utf-8"))
if answer.get("success") is not True:
    sys.exit("Dashboards did not take all of the objects: " + json.dumps(answer.get("errors", answer)))
print(answer["successCount"], "saved objects are in Dashboards")
PYTHON

echo "Dashboards: $endpoint/_dashboards"
echo "Name and password: aws secretsmanager get-secret-value --secret-id $(output DomainPasswordArn) --query SecretString --output text"
