# revoke DIRECTION REGION GROUP RULE...: rules by their ids, those that are not gone.
revoke() {
  local direction=$1 region=$2 group=$3 rule
  local rules=()
  shift 3
  for rule in "$@"; do
    if all_gone "$rule"; then
      before=$((before + 1))
    else
      rules+=("$rule")
    fi
  done
  if [[ ${#rules[@]} -eq 0 ]]; then return 0; fi
  attempt "$region" ec2 "revoke-security-group-$direction" --group-id "$group" --security-group-rule-ids "${rules[@]}"
  if [[ $outcome != before ]]; then
    say "  $revoke_word: ${rules[*]}"
    revoked=$((revoked + ${#rules[@]}))
    return 0
  fi
  # One that went a moment ago refuses the call for all: one by one then.
  for rule in "${rules[@]}"; do
    attempt "$region" ec2 "revoke-security-group-$direction" --group-id "$group" --security-group-rule-ids "$rule"
    if [[ $outcome == before ]]; then
      say "  gone already: $rule"
      before=$((before + 1))
    else
      say "  $revoke_word: $rule"
      revoked=$((revoked + 1))
    fi
  done
}
